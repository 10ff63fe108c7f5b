"""The requests that a webhook receives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from deliveries.wire.authentication import Signed
from deliveries.wire.message import HeaderStyle, Message, compose, compose_challenge
from subscriptions.signing_keys import SigningKey

NOW = datetime(2026, 11, 21, 8, 0, 0, 999_999, tzinfo=UTC)
STYLE = HeaderStyle("X-Alvys-", "Alvys-Webhook/1.0")
TRACE = UUID("01234567-89ab-7def-8123-456789abcdef")
KEY = SigningKey("whsec_" + "AAAA" * 10 + "AAA=")
MESSAGE = Message(
    event_id="evt_1",
    event_type="tender.created",
    delivery_id="dlv_1",
    trace=TRACE,
    span=1,
    number=2,
    body=b'{"a":1}',
)


def composed(message=MESSAGE, *, style=STYLE):
    return compose(
        message,
        url="https://hooks.example.com/in",
        authentication=Signed([KEY]),
        style=style,
        now=NOW,
    )


def traceparent_of(span):
    return composed(replace(MESSAGE, span=span)).headers["traceparent"]


def test_url_and_body_pass_unchanged():
    request = composed()

    assert request.url == "https://hooks.example.com/in"
    assert request.body is MESSAGE.body


def test_headers():
    headers = dict(composed().headers)

    assert headers.pop("X-Alvys-Signature").startswith("t=1795248000,v1=")
    assert headers.pop("webhook-signature").startswith("v1,")
    assert headers == {
        "Content-Type": "application/json",
        "User-Agent": "Alvys-Webhook/1.0",
        "X-Alvys-Event": "tender.created",
        "X-Alvys-Event-Id": "evt_1",
        "X-Alvys-Timestamp": "1795248000",
        "X-Alvys-Attempt": "2",
        "X-Alvys-Delivery": "dlv_1",
        "webhook-id": "evt_1",
        "webhook-timestamp": "1795248000",
        "traceparent": "00-0123456789ab7def8123456789abcdef-8123456789abcdee-01",
    }


def test_the_style_is_the_installations():
    headers = composed(style=HeaderStyle("X-Acme-", "Acme/2")).headers

    assert headers["X-Acme-Event"] == "tender.created"
    assert headers["User-Agent"] == "Acme/2"
    assert not [name for name in headers if "Alvys" in name]


def test_every_attempt_has_a_span_of_its_own():
    spans = {traceparent_of(span) for span in range(1, 100)}

    assert len(spans) == 99
    assert {each[:36] for each in spans} == {"00-0123456789ab7def8123456789abcdef-"}


def test_a_message_does_not_print_its_body():
    assert '{"a":1}' not in repr(MESSAGE)
    assert '{"a":1}' not in repr(composed())


def test_a_challenge():
    request = compose_challenge(
        "token", url="https://hooks.example.com/in", trace=TRACE, style=STYLE
    )

    assert request.url == "https://hooks.example.com/in"
    assert request.body == b'{"type":"webhook.verification","challenge":"token"}'
    assert request.headers == {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Alvys-Webhook/1.0",
        "X-Alvys-Event": "webhook.verification",
        "X-Alvys-Challenge": "token",
        "traceparent": "00-0123456789ab7def8123456789abcdef-8123456789abcdee-01",
    }


@pytest.mark.parametrize("span", [0, 1, 2**31 - 1])
def test_a_span_is_never_all_zeros(span):
    # W3C forbids it; the variant bits of the trace keep it away.
    assert traceparent_of(span).split("-")[2] != "0" * 16
