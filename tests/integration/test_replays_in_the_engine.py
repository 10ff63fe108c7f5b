"""Replays give way: to new events, to the order of entities, to automatic stops."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deliveries.models import Delivery, WebhookHealth
from tests.builders import make_delivery, make_event, publish_sample
from tests.receiver import Answer

State = Delivery.State
HOUR = timedelta(hours=1)


def claimed_ids(claimed):
    return [each.delivery_id for each in claimed]


def replay_of(webhook, **overrides):
    return make_delivery(webhook, is_replay=True, **overrides)


def test_new_events_are_claimed_first_however_long_replays_have_been_due(
    webhook, claim_due, clock
):
    old = [replay_of(webhook, due_at=clock() - HOUR) for _ in range(3)]
    new = [make_delivery(webhook) for _ in range(2)]

    claimed = claim_due(per_webhook=4)

    assert claimed_ids(claimed) == [each.pk for each in [*new, *old[:2]]]
    assert [each.is_replay for each in claimed] == [False, False, True, True]


def test_replays_that_are_not_due_are_not_claimed(webhook, claim_due, clock):
    replay_of(webhook, due_at=clock() + HOUR)
    due = replay_of(webhook)

    assert claimed_ids(claim_due()) == [due.pk]


def test_a_replay_and_new_events_of_its_entity_do_not_wait_for_each_other(
    webhook, claim_due
):
    first = make_delivery(webhook, order_key="t-1")
    again = replay_of(webhook, event=first.event)
    second = make_delivery(webhook, order_key="t-1")

    assert claimed_ids(claim_due()) == [first.pk, again.pk]
    second.refresh_from_db()
    assert second.state == State.WAITING


# --- Failures in a row --------------------------------------------------------------


@pytest.fixture
def failures(webhook):
    """How many events in a row the webhook has failed, by the engine's count."""

    def count():
        webhook.refresh_from_db()
        health = WebhookHealth.objects.filter(webhook=webhook).first()
        return webhook.status, health.consecutive_failures if health else 0

    return count


@pytest.fixture
def at_receiver(webhook, receiver):
    webhook.url = receiver.url()
    webhook.save(update_fields=["url"])
    return receiver


def test_replays_that_fail_disable_nobody(webhook, at_receiver, drain, failures):
    at_receiver.always(400)
    for _ in range(12):
        replay_of(webhook)

    drain()

    assert failures() == ("Active", 0)
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.FAILED}


def test_a_replay_that_succeeds_ends_the_row_of_failures(
    acme, webhook, at_receiver, drain, failures
):
    at_receiver.script(*[400] * 9)
    for _ in range(9):
        publish_sample(acme)
    drain()
    assert failures() == ("Active", 9)

    replay_of(webhook)
    drain()

    assert failures() == ("Active", 0)


def test_a_replay_that_is_answered_410_disables(webhook, at_receiver, drain, failures):
    at_receiver.script(410)
    replay_of(webhook)

    drain()

    assert failures()[0] == "Disabled"


def test_a_replay_is_tried_again_like_any_other(webhook, at_receiver, drain, clock):
    at_receiver.script(Answer(status=500))
    event = make_event(webhook.tenant)
    replay_of(webhook, event=event)

    drain()
    clock.advance(seconds=10)
    drain()

    assert [each["X-Alvys-Attempt"] for each in at_receiver.events] == ["1", "2"]
    assert {each.body for each in at_receiver.events} == {bytes(event.body)}
