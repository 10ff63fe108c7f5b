"""The demo's receiver judges requests as a customer's should."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import Message as Headers
from uuid import UUID

import pytest

from deliveries.wire.authentication import Signed
from deliveries.wire.message import HeaderStyle, Message, compose, compose_challenge
from subscriptions.signing_keys import SigningKey
from webhooks_project.demo.receiver import answer_to

STYLE = HeaderStyle("X-Alvys-", "Alvys-Webhook/1.0")
SECRET = "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="
OTHER_SECRET = "whsec_MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE="
SECRETS = {"/orders": SECRET, "/recovering": SECRET}


def answer(path, request, *, body=None):
    headers = Headers()
    for name, value in request.headers.items():
        headers[name] = value
    sent = request.body if body is None else body
    return answer_to(path, headers, sent, signing_secrets=SECRETS)


def signed(*secrets, attempt=1):
    message = Message(
        event_id="evt_1",
        event_type="tender.created",
        delivery_id="dlv_1",
        trace=UUID(int=1),
        span=1,
        number=attempt,
        body=b'{"id":"evt_1"}',
    )
    return compose(
        message,
        url="https://127.0.0.1:8443/orders",
        authentication=Signed([SigningKey(secret) for secret in secrets]),
        style=STYLE,
        now=datetime(2026, 11, 21, tzinfo=UTC),
    )


def test_a_challenge_is_given_back():
    request = compose_challenge(
        "token-1", url="https://127.0.0.1:8443/", trace=UUID(int=1), style=STYLE
    )

    assert answer("/orders", request) == (
        200,
        {"challenge": "token-1"},
        "challenge answered",
    )


@pytest.mark.parametrize(
    "secrets",
    [
        pytest.param([SECRET], id="its own"),
        pytest.param([OTHER_SECRET, SECRET], id="the previous one, during a rotation"),
    ],
)
def test_a_request_signed_with_its_secret_is_taken(secrets):
    status, _, remark = answer("/orders", signed(*secrets))

    assert (status, remark) == (200, "signature ok")


def test_a_request_signed_with_another_secret_is_refused():
    status, _, remark = answer("/orders", signed(OTHER_SECRET))

    assert (status, remark) == (401, "signature BAD")


def test_a_request_whose_body_was_changed_is_refused():
    status, _, _ = answer("/orders", signed(SECRET), body=b'{"id":"evt_2"}')

    assert status == 401


def test_a_path_without_a_webhook_is_unknown():
    assert answer("/elsewhere", signed(SECRET)).status == 404


@pytest.mark.parametrize(
    ("attempt", "status"), [("1", 503), ("2", 503), ("3", 200), ("4", 200)]
)
def test_the_recovering_path_is_busy_twice(attempt, status):
    assert answer("/recovering", signed(SECRET, attempt=attempt)).status == status
