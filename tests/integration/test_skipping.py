"""What waits for a webhook that was stopped ends, and is logged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deliveries.engine import skipping
from deliveries.engine.backlog import busy_webhooks
from deliveries.models import Attempt, Delivery
from deliveries.webhook_tests import publish_test
from subscriptions.models import Webhook
from subscriptions.webhooks import delete_webhook, disable_webhook
from tests.builders import make_delivery, make_event, make_webhook

State = Delivery.State


@pytest.fixture
def skip(clock):
    def skip_a_batch():
        return skipping.skip_stopped(busy_webhooks(), now=clock())

    return skip_a_batch


@pytest.fixture
def disable(clock):
    def disable_by_hand(webhook):
        disable_webhook(webhook.pk, reason="Manual", now=clock())

    return disable_by_hand


def states():
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def test_what_waits_for_a_disabled_webhook_is_skipped(webhook, disable, skip, clock):
    delivery = make_delivery(webhook, attempts_made=1, claim_number=1)
    disable(webhook)

    assert skip() == 1

    delivery.refresh_from_db()
    assert delivery.state == State.SKIPPED
    assert (delivery.due_at, delivery.ended_at) == (None, clock())
    log = Attempt.objects.get()
    assert (log.delivery, log.webhook, log.url) == (delivery, webhook, webhook.url)
    assert (log.status, log.number, log.sequence) == ("skipped", 2, 2)
    assert log.started_at == clock()
    assert log.error_message == (
        "The webhook was disabled or deleted before this was sent."
    )


def test_a_second_look_finds_nothing(webhook, disable, skip):
    make_delivery(webhook)
    disable(webhook)
    skip()

    assert skip() == 0
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize("status", [Webhook.Status.ACTIVE, Webhook.Status.PENDING])
def test_what_may_still_be_sent_stays(acme, skip, status):
    make_delivery(make_webhook(acme, status=status))

    assert skip() == 0
    assert states() == [State.PENDING]


def test_another_webhooks_deliveries_stay(acme, webhook, disable, skip):
    make_delivery(webhook)
    make_delivery(make_webhook(acme))
    disable(webhook)

    assert skip() == 1
    assert states() == [State.SKIPPED, State.PENDING]


def test_retries_that_are_not_due_are_skipped_too(webhook, disable, skip, clock):
    make_delivery(webhook, due_at=clock() + timedelta(seconds=60))
    disable(webhook)

    assert skip() == 1


def test_a_test_is_not_skipped_unless_the_webhook_is_deleted(webhook, disable, skip):
    publish_test(webhook, event_type="webhook.test")
    disable(webhook)
    assert skip() == 0

    delete_webhook(webhook)
    assert skip() == 1
    assert Attempt.objects.get().is_test


def test_what_is_in_flight_is_left_to_its_record(
    webhook, claim_due, disable, skip, clock
):
    make_delivery(webhook)
    claim_due()
    disable(webhook)

    assert skip() == 0
    assert states() == [State.PENDING]
    clock.advance(seconds=60)
    assert skip() == 1


def test_what_has_ended_is_not_touched(webhook, disable, skip):
    for state in (State.SUCCEEDED, State.FAILED, State.SKIPPED):
        make_delivery(webhook, state=state)
    make_delivery(webhook)
    disable(webhook)

    assert skip() == 1
    assert states() == [State.SUCCEEDED, State.FAILED, State.SKIPPED, State.SKIPPED]


def test_the_log_follows_the_order_of_the_deliveries(webhook, disable, skip):
    deliveries = [make_delivery(webhook) for _ in range(3)]
    disable(webhook)

    skip()

    log = Attempt.objects.order_by("id")
    assert [each.delivery for each in log] == deliveries


def test_a_long_row_of_one_entity_is_skipped_to_its_end(webhook, disable, skip, clock):
    event = make_event(webhook.tenant)
    row = {
        "event": event,
        "webhook": webhook,
        "order_key": "t-1",
        "is_replay": True,
        "created_at": clock(),
    }
    Delivery.objects.create(due_at=clock(), **row)
    Delivery.objects.bulk_create(
        Delivery(state=State.WAITING, **row) for _ in range(skipping.BATCH + 1)
    )
    disable(webhook)

    while skip():
        pass

    assert set(states()) == {State.SKIPPED}


def test_a_batch_costs_few_queries(
    webhook, disable, skip, django_assert_max_num_queries
):
    for _ in range(20):
        make_delivery(webhook)
    disable(webhook)

    # The backlog; a savepoint, the move, what to log, the log.
    with django_assert_max_num_queries(8):
        assert skip() == 20
