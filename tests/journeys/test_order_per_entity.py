"""Events of one entity arrive one after the other; others do not wait."""

from __future__ import annotations

import pytest

from deliveries.models import Attempt, Delivery
from subscriptions.models import Webhook
from subscriptions.webhooks import disable_webhook
from tests.builders import make_webhook, publish_sample
from tests.receiver import Answer


def ids(requests):
    return [each["X-Alvys-Event-Id"] for each in requests]


@pytest.fixture
def publish_two(acme, webhook):
    """Publish two events of one tender."""
    for event_id in ("first", "second"):
        publish_sample(acme, id=event_id, entity_id="tender-1")


def test_the_second_waits_while_the_first_is_tried_again(
    publish_two, receiver, drain, clock
):
    receiver.script(503, 503, 200)

    drain()
    clock.advance(seconds=10)
    drain()
    assert ids(receiver.events) == ["first", "first"]

    clock.advance(seconds=30)
    drain()
    assert ids(receiver.events) == ["first", "first", "first", "second"]


def test_the_second_starts_when_the_first_has_been_answered(
    publish_two, receiver, drain
):
    receiver.script(Answer(delay=0.1))

    drain()

    first, second = receiver.events
    assert ids([first, second]) == ["first", "second"]
    assert second.at >= first.at + 0.1


def test_a_whole_row_of_events_keeps_its_order(acme, webhook, receiver, drain):
    published = [
        publish_sample(acme, entity_id="tender-1").event.public_id for _ in range(12)
    ]

    drain()

    assert ids(receiver.events) == published


def test_another_entity_does_not_wait(acme, publish_two, receiver, drain):
    publish_sample(acme, id="other", entity_id="tender-2")
    receiver.always(503)

    drain()

    assert set(ids(receiver.events)) == {"first", "other"}


def test_events_without_an_entity_do_not_wait(acme, webhook, receiver, drain):
    for event_id in ("first", "second"):
        publish_sample(acme, id=event_id)
    receiver.always(503)

    drain()

    assert set(ids(receiver.events)) == {"first", "second"}


def test_another_webhook_does_not_wait(acme, webhook, receiver, drain):
    make_webhook(acme, url=receiver.url("/quick"))
    for event_id in ("first", "second"):
        publish_sample(acme, id=event_id, entity_id="tender-1")
    receiver.always(503)

    drain()

    assert ids(receiver.events_at("/events")) == ["first"]
    assert ids(receiver.events_at("/quick")) == ["first", "second"]


def test_a_tenant_may_do_without_order(acme, webhook, receiver, drain):
    acme.delivers_in_order = False
    acme.save()
    for event_id in ("first", "second"):
        publish_sample(acme, id=event_id, entity_id="tender-1")
    receiver.always(503)

    drain()

    assert set(ids(receiver.events)) == {"first", "second"}


def test_a_first_that_failed_for_good_releases_the_next(publish_two, receiver, drain):
    receiver.script(400, 200)

    drain()

    assert ids(receiver.events) == ["first", "second"]
    assert [each.state for each in Delivery.objects.order_by("id")] == [
        Delivery.State.FAILED,
        Delivery.State.SUCCEEDED,
    ]


def test_a_first_that_used_up_its_attempts_releases_the_next(
    publish_two, receiver, attempt_all
):
    receiver.script(500, 500, 500, 500)

    attempt_all()

    assert ids(receiver.events) == ["first"] * 4 + ["second"]


def test_a_skipped_first_does_not_hold_up_what_comes_later(
    acme, webhook, publish_two, receiver, drain, clock
):
    receiver.script(503)
    drain()
    disable_webhook(webhook.pk, reason="Manual", now=clock())
    drain()
    Webhook.objects.filter(pk=webhook.pk).update(
        status=Webhook.Status.ACTIVE, disabled_at=None, disabled_reason=""
    )

    publish_sample(acme, id="third", entity_id="tender-1")
    drain()

    assert ids(receiver.events) == ["first", "third"]
    skipped = Attempt.objects.filter(status=Attempt.Status.SKIPPED)
    assert {each.delivery.event.public_id for each in skipped} == {"first", "second"}
