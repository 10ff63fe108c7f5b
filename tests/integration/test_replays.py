"""One delivery again: beside the first, and in nobody's way."""

from __future__ import annotations

import pytest

from deliveries.logs import find_entry
from deliveries.models import Delivery, Event, log_id
from deliveries.replays import NotActive, NotYetAttempted, replay
from deliveries.webhook_tests import MAX_TESTS, TooManyTests
from subscriptions.models import Webhook
from tests.builders import make_attempt, make_delivery, make_event

State = Delivery.State


@pytest.fixture
def replay_of(clock):
    """Replay what the log says of a delivery's first attempt."""

    def again(delivery):
        webhook = Webhook.objects.get(pk=delivery.webhook_id)
        entry = find_entry(webhook, log_id(delivery, 1))
        return replay(entry, now=clock())

    return again


def attempted(webhook, **overrides):
    """A delivery with one attempt, which failed unless it is said to have ended well."""
    fields = {"state": State.FAILED, "attempts_made": 1, "claim_number": 1} | overrides
    delivery = make_delivery(webhook, **fields)
    status = "success" if delivery.state == State.SUCCEEDED else "failed"
    make_attempt(delivery, status=status, status_code=None)
    return delivery


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.SKIPPED])
def test_it_is_a_new_delivery_of_the_same_event(webhook, replay_of, clock, state):
    first = attempted(webhook, state=state, order_key="t-1")

    again = replay_of(first)

    again.refresh_from_db()
    assert (again.event, again.webhook) == (first.event, webhook)
    assert (again.state, again.due_at) == (State.PENDING, clock())
    assert (again.is_replay, again.is_test, again.order_key) == (True, False, "")
    assert (again.claim_number, again.attempts_made) == (0, 0)
    assert again.public_id != first.public_id
    first.refresh_from_db()
    assert first.state == state


def test_what_is_still_tried_again_can_be_sent_at_once(webhook, replay_of):
    waiting = attempted(webhook, state=State.PENDING)

    assert replay_of(waiting).is_replay


def test_a_replay_can_be_replayed(webhook, replay_of):
    first = attempted(webhook)
    second = replay_of(first)
    Delivery.objects.filter(pk=second.pk).update(claim_number=1, attempts_made=1)
    make_attempt(second)

    assert replay_of(second).event == first.event
    assert Event.objects.count() == 1


def test_what_was_never_attempted_is_refused(webhook, replay_of):
    waiting = make_delivery(webhook)

    with pytest.raises(NotYetAttempted) as refusal:
        replay_of(waiting)

    assert str(refusal.value) == (
        "This was not sent yet: its first attempt is still to come."
    )
    assert Delivery.objects.get() == waiting


@pytest.mark.parametrize("status", ["Pending", "Disabled"])
def test_a_webhook_that_is_not_active_gets_nothing_again(
    webhook, replay_of, clock, status
):
    first = attempted(webhook)
    disabled = {"disabled_at": clock(), "disabled_reason": "Manual"}
    Webhook.objects.update(status=status, **(disabled if status == "Disabled" else {}))

    with pytest.raises(NotActive) as refusal:
        replay_of(first)

    assert str(refusal.value) == (
        f"The webhook is {status}: only to an Active one is anything sent again."
    )
    assert Delivery.objects.get() == first


def test_a_test_stays_a_test_and_counts_as_one(webhook, replay_of, clock):
    event = make_event(webhook.tenant, is_test=True)
    first = attempted(webhook, event=event, is_test=True, created_at=clock())

    replays = [replay_of(first) for _ in range(MAX_TESTS - 1)]

    assert {(each.is_test, each.is_replay) for each in replays} == {(True, True)}
    with pytest.raises(TooManyTests):
        replay_of(first)
    assert Delivery.objects.count() == MAX_TESTS
