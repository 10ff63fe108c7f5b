"""The request that a webhook receives: contract, section 7, header by header."""

from __future__ import annotations

import re

import pytest

from deliveries.models import Delivery
from deliveries.webhook_tests import publish_test
from subscriptions.webhooks import enable_webhook
from tests.builders import make_webhook, publish_sample
from tests.receiver import HOST

OF_HTTP = {"Host", "Content-Length", "Accept-Encoding"}


@pytest.fixture
def webhook(acme, receiver):
    return make_webhook(acme, url=receiver.url())


@pytest.fixture
def request_received(acme, webhook, receiver, drain):
    publish_sample(acme, id="evt_of_mine")
    drain()
    (request,) = receiver.events
    return request


def test_there_are_these_headers_and_no_others(request_received):
    names = [name for name, _ in request_received.headers]

    assert sorted(names) == sorted(
        OF_HTTP
        | {
            "Content-Type",
            "User-Agent",
            "X-Alvys-Event",
            "X-Alvys-Event-Id",
            "X-Alvys-Timestamp",
            "X-Alvys-Signature",
            "X-Alvys-Attempt",
            "X-Alvys-Delivery",
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
            "traceparent",
        }
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "application/json"),
        ("User-Agent", "Alvys-Webhook/1.0"),
        ("X-Alvys-Event", "tender.created"),
        ("X-Alvys-Event-Id", "evt_of_mine"),
        ("X-Alvys-Attempt", "1"),
        ("webhook-id", "evt_of_mine"),
        ("Accept-Encoding", "identity"),
    ],
)
def test_these_are_constant(request_received, name, value):
    assert request_received[name] == value


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("X-Alvys-Timestamp", r"[0-9]{10}"),
        ("X-Alvys-Signature", r"t=[0-9]{10},v1=[0-9a-f]{64}"),
        ("X-Alvys-Delivery", r"dlv_[0-9a-v]{26}"),
        ("webhook-timestamp", r"[0-9]{10}"),
        ("webhook-signature", r"v1,[A-Za-z0-9+/]{43}="),
        ("traceparent", r"00-[0-9a-f]{32}-[0-9a-f]{16}-01"),
    ],
)
def test_these_have_a_form(request_received, name, form):
    assert re.fullmatch(form, request_received[name])


def test_they_belong_together(request_received, clock):
    timestamp = str(int(clock().timestamp()))

    assert request_received["X-Alvys-Timestamp"] == timestamp
    assert request_received["webhook-timestamp"] == timestamp
    assert request_received["X-Alvys-Signature"].startswith(f"t={timestamp},")
    assert request_received["X-Alvys-Delivery"] == Delivery.objects.get().public_id
    assert request_received["Host"].startswith(f"{HOST}:")
    assert int(request_received["Content-Length"]) == len(request_received.body)


def test_a_trace_is_the_delivery_and_a_span_the_attempt(
    acme, webhook, receiver, drain, clock
):
    publish_sample(acme)
    receiver.script(503, 200)
    drain()
    clock.advance(seconds=10)
    drain()

    (_, trace, span, _), (_, same_trace, other_span, _) = (
        each["traceparent"].split("-") for each in receiver.events
    )
    assert trace == same_trace == Delivery.objects.get().uid.hex
    assert span != other_span
    assert "0" * 16 not in {span, other_span}


def test_each_attempt_goes_on_in_the_trace_of_the_request_that_published(
    acme, webhook, receiver, drain, clock
):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    publish_sample(acme, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    receiver.script(503, 200)
    drain()
    clock.advance(seconds=10)
    drain()

    parts = [each["traceparent"].split("-") for each in receiver.events]
    spans = {span for _, _, span, _ in parts}
    assert [found for _, found, _, _ in parts] == [trace, trace]
    assert len(spans - {"00f067aa0ba902b7"}) == 2


def test_prefix_and_user_agent_are_settings(acme, webhook, receiver, drain, settings):
    settings.WEBHOOKS_HEADER_PREFIX = "X-Acme-"
    settings.WEBHOOKS_USER_AGENT = "Acme/2"
    publish_sample(acme)

    drain()

    (request,) = receiver.events
    names = {name for name, _ in request.headers}
    assert {name for name in names if name.startswith("X-")} == {
        "X-Acme-Event",
        "X-Acme-Event-Id",
        "X-Acme-Timestamp",
        "X-Acme-Signature",
        "X-Acme-Attempt",
        "X-Acme-Delivery",
    }
    assert request["User-Agent"] == "Acme/2"
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} < names


def test_they_are_settings_of_the_challenge_too(acme, receiver, drain, settings):
    settings.WEBHOOKS_HEADER_PREFIX = "X-Acme-"
    settings.WEBHOOKS_USER_AGENT = "Acme/2"
    webhook = make_webhook(acme, url=receiver.url(), status="Disabled")
    enable_webhook(webhook)

    drain()

    (request,) = receiver.challenges
    assert request["X-Acme-Event"] == "webhook.verification"
    assert request["X-Acme-Challenge"] == request.json["challenge"]
    assert request["User-Agent"] == "Acme/2"


def test_a_test_has_the_same_headers(webhook, receiver, drain):
    publish_test(webhook, event_type="webhook.test")

    drain()

    (request,) = receiver.events
    assert request["X-Alvys-Event"] == "webhook.test"
    assert request["X-Alvys-Attempt"] == "1"
    assert re.fullmatch(r"evt_[0-9a-v]{26}", request["X-Alvys-Event-Id"])
