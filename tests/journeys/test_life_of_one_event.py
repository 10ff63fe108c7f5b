"""From a subscription to a success in the log, over TLS."""

from __future__ import annotations

import hmac

import pytest

from deliveries.models import Attempt, Delivery
from subscriptions.models import Subsidiary, Webhook
from subscriptions.webhooks import create_webhook
from tests.builders import publish_sample, sample_of
from tests.receiver import Answer


def test_a_subscriber_proves_its_url_and_then_gets_the_event(acme, receiver, drain):
    new = create_webhook(
        tenant=acme,
        subsidiary=Subsidiary.objects.get(tenant=acme),
        name="Production",
        url=receiver.url(),
        events=["tender.created"],
        created_by="dana@acme.example.com",
    )
    assert new.webhook.status == Webhook.Status.PENDING

    drain()
    new.webhook.refresh_from_db()
    assert new.webhook.status == Webhook.Status.ACTIVE

    event = publish_sample(acme, entity_id="tender-1").event
    drain()

    (request,) = receiver.events
    assert request.body == bytes(event.body)
    assert request.json["data"] == sample_of("tender.created")
    timestamp = request["X-Alvys-Timestamp"]
    message = f"{timestamp}.{event.public_id}.".encode() + request.body
    signature = hmac.digest(new.secret.encode(), message, "sha256").hex()
    assert request["X-Alvys-Signature"] == f"t={timestamp},v1={signature}"
    assert Delivery.objects.get().state == Delivery.State.SUCCEEDED


def test_the_log_shows_what_both_sides_said(acme, webhook, receiver, drain):
    event = publish_sample(acme).event
    receiver.script(Answer(202, {"X-Trace": "7", "Set-Cookie": "s=1"}, b"queued"))

    drain()

    attempt = Attempt.objects.get()
    (request,) = receiver.events
    assert (attempt.delivery.event, attempt.webhook) == (event, webhook)
    assert (attempt.status, attempt.status_code) == ("success", 202)
    assert (attempt.error_kind, attempt.error_message) == ("", "")
    assert (attempt.number, attempt.event_type) == (1, "tender.created")
    assert (attempt.url, attempt.remote_address) == (receiver.url(), "127.0.0.1")
    assert attempt.request_headers["X-Alvys-Signature"] == request["X-Alvys-Signature"]
    assert attempt.response_headers == [
        ["X-Trace", "7"],
        ["Set-Cookie", "••••"],
        ["Content-Length", "6"],
    ]
    assert bytes(attempt.response_body) == b"queued"
    assert None not in (attempt.connect_ms, attempt.tls_ms, attempt.wait_ms)


def test_nobody_else_gets_it(acme, globex, webhook, receiver, drain):
    publish_sample(globex)

    drain()

    assert not receiver.requests
    assert not Attempt.objects.exists()


@pytest.fixture
def four_attempts(acme, webhook, receiver, attempt_all):
    """What the receiver got of one event that it took only the fourth time."""
    publish_sample(acme)
    receiver.script(503, 503, 503, 200)
    attempt_all()
    return receiver.events


def test_four_attempts_start_0_10_40_and_100_seconds_after_the_first(four_attempts):
    starts = Attempt.objects.order_by("id").values_list("started_at", flat=True)

    assert [(start - starts[0]).total_seconds() for start in starts] == [0, 10, 40, 100]


def test_no_attempt_is_made_too_early(acme, webhook, receiver, drain, clock):
    publish_sample(acme)
    receiver.script(503, 503, 503, 503)

    drain()
    for wait in (10, 30, 60):
        sent = len(receiver.events)
        clock.advance(seconds=wait, microseconds=-1)
        drain()
        assert len(receiver.events) == sent

        clock.advance(microseconds=1)
        drain()
        assert len(receiver.events) == sent + 1


def test_the_fourth_attempt_is_the_last(acme, webhook, receiver, attempt_all, clock):
    publish_sample(acme)
    receiver.always(503)

    attempt_all()
    clock.advance(days=1)
    attempt_all()

    assert len(receiver.events) == 4
    assert Delivery.objects.get().state == Delivery.State.FAILED


def test_attempts_are_numbered_for_the_receiver_and_in_the_log(four_attempts):
    attempts = Attempt.objects.order_by("id")

    assert [each["X-Alvys-Attempt"] for each in four_attempts] == ["1", "2", "3", "4"]
    assert [(each.number, each.status_code) for each in attempts] == [
        (1, 503),
        (2, 503),
        (3, 503),
        (4, 200),
    ]
    assert attempts[0].error_message == "The answer had status 503."
    assert Delivery.objects.get().state == Delivery.State.SUCCEEDED


@pytest.mark.parametrize("name", ["X-Alvys-Event-Id", "X-Alvys-Delivery", "webhook-id"])
def test_what_identifies_the_event_stays(four_attempts, name):
    assert len({each[name] for each in four_attempts}) == 1


def test_the_body_stays_byte_for_byte(four_attempts):
    (event,) = (delivery.event for delivery in Delivery.objects.all())

    assert {each.body for each in four_attempts} == {bytes(event.body)}


@pytest.mark.parametrize(
    "name",
    [
        "X-Alvys-Timestamp",
        "X-Alvys-Signature",
        "webhook-timestamp",
        "webhook-signature",
        "traceparent",
    ],
)
def test_what_belongs_to_the_attempt_is_new_each_time(four_attempts, name):
    assert len({each[name] for each in four_attempts}) == 4


def test_timestamps_are_those_of_the_attempts(four_attempts):
    starts = Attempt.objects.order_by("id").values_list("started_at", flat=True)

    assert [each["X-Alvys-Timestamp"] for each in four_attempts] == [
        str(int(start.timestamp())) for start in starts
    ]
