"""Recovery: what a webhook did not get, once each, at its rate, whatever dies."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_q.models import OrmQ

from deliveries import tasks
from deliveries.conf import get_conf
from deliveries.engine.backlog import busy_webhooks
from deliveries.engine.healing import heal
from deliveries.engine.skipping import skip_stopped
from deliveries.models import Delivery, Recovery
from deliveries.queue import RECOVER
from deliveries.recovery import (
    Order,
    RecoveryHasEnded,
    RecoveryIsRunning,
    cancel_recovery,
    count_matches,
    go_on,
    report_on,
    start_recovery,
)
from deliveries.recovery.running import BATCH
from deliveries.replays import NotActive
from subscriptions.clock import database_time
from subscriptions.models import Subsidiary, Webhook
from subscriptions.webhooks import delete_webhook, disable_webhook
from tests.builders import make_attempt, make_delivery, make_event, make_webhook

State = Delivery.State
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def never():
    return False


def begin(webhook, **order):
    order = {"since": timezone.now() - HOUR} | order
    return start_recovery(
        webhook, Order(**order), created_by="CRM", now=database_time()
    )


def advance(recovery, *, rate=0, is_over=never):
    go_on(rate=rate, is_over=is_over)
    recovery.refresh_from_db()
    return recovery


def recover(webhook, **order):
    return advance(begin(webhook, **order))


def failed(webhook, **overrides):
    return make_delivery(webhook, **{"state": State.FAILED} | overrides)


def replayed():
    """The events that were queued again, in their order."""
    rows = Delivery.objects.filter(recovery__isnull=False).order_by("pk")
    return [each.event for each in rows.select_related("event")]


def end_with(state):
    """What was queued has been sent, and ended so."""
    Delivery.objects.filter(recovery__isnull=False, state=State.PENDING).update(
        state=state, due_at=None, ended_at=timezone.now(), claim_number=1
    )


def minutes_pass(recovery, minutes=1):
    due_at = recovery.next_due_at - minutes * MINUTE
    Recovery.objects.filter(pk=recovery.pk).update(next_due_at=due_at)


# --- What matches -------------------------------------------------------------------


def test_what_failed_or_was_skipped_is_queued_once_each_the_oldest_first(webhook):
    first = failed(webhook, order_key="t-1")
    second = make_delivery(webhook, state=State.SKIPPED)

    recovery = recover(webhook)

    assert replayed() == [first.event, second.event]
    assert (recovery.matched, recovery.queued) == (2, 2)
    row = Delivery.objects.get(recovery=recovery, event=first.event)
    assert (row.state, row.is_replay, row.is_test) == (State.PENDING, True, False)
    assert (row.order_key, row.attempts_made) == ("", 0)
    first.refresh_from_db()
    assert first.state == State.FAILED


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.PENDING, State.WAITING])
def test_what_arrived_or_is_on_its_way_is_left_alone(webhook, state):
    make_delivery(webhook, state=state, order_key="t-1")

    assert recover(webhook).matched == 0
    assert replayed() == []


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.PENDING])
def test_what_a_replay_has_brought_since_or_will_bring_is_left_alone(webhook, state):
    first = failed(webhook)
    make_delivery(webhook, event=first.event, is_replay=True, state=state)

    assert recover(webhook).matched == 0
    assert replayed() == []


def test_what_failed_as_a_delivery_and_as_a_replay_is_queued_once(webhook):
    first = failed(webhook)
    failed(webhook, event=first.event, is_replay=True)

    assert recover(webhook).matched == 1
    assert replayed() == [first.event]


def test_tests_are_left_alone(webhook):
    failed(webhook, is_test=True)

    assert recover(webhook).matched == 0


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_the_status_can_be_chosen(webhook, status):
    of_status = {
        "failed": failed(webhook),
        "skipped": make_delivery(webhook, state=State.SKIPPED),
    }

    recover(webhook, statuses=[status])

    assert replayed() == [of_status[status].event]


def test_types_can_be_chosen(webhook, acme):
    wanted = failed(webhook, event=make_event(acme, type="load.changed"))
    failed(webhook)

    recovery = recover(webhook, event_types=["load.changed", "trip.changed"])

    assert recovery.matched == 1
    assert replayed() == [wanted.event]


def test_both_ends_of_the_time_are_included(webhook):
    start = timezone.now() - HOUR
    times = [start + n * MINUTE for n in range(5)]
    deliveries = [failed(webhook, created_at=at) for at in times]

    recover(webhook, since=times[1], until=times[3])

    assert replayed() == [each.event for each in deliveries[1:4]]


def test_other_webhooks_and_globex_are_left_alone(acme, globex, webhook):
    failed(make_webhook(globex))
    assert recover(webhook, include_missed=True).matched == 0

    failed(make_webhook(acme))
    assert recover(webhook).matched == 0
    assert replayed() == []


# --- What was missed ----------------------------------------------------------------


def test_missed_events_come_when_they_are_asked_for(webhook, acme):
    missed = make_event(acme)
    assert recover(webhook).matched == 0

    recovery = recover(webhook, include_missed=True)

    assert (recovery.matched, recovery.queued) == (1, 1)
    assert replayed() == [missed]


def test_only_subscribed_events_of_its_subsidiary_are_missed(webhook, acme, globex):
    west = Subsidiary.objects.create(tenant=acme, code="WEST", name="West")
    make_event(acme, subsidiary=west)
    make_event(acme, type="load.changed")
    make_event(acme, is_test=True)
    make_event(acme, created_at=timezone.now() - 2 * HOUR)
    make_event(globex)

    assert recover(webhook, include_missed=True).matched == 0
    assert replayed() == []


def test_types_narrow_what_was_missed(acme):
    webhook = make_webhook(acme, events=["tender.created", "load.changed"])
    make_event(acme)
    wanted = make_event(acme, type="load.changed")

    recover(webhook, include_missed=True, event_types=["load.changed"])

    assert replayed() == [wanted]


def test_the_filter_decides_what_was_missed(acme):
    webhook = make_webhook(acme, filter={"data.tenderId": ["T-1"]})
    events = [
        make_event(acme, data={"tenderId": f"T-{number}"}) for number in (1, 2, 1, 3)
    ]
    failed(webhook, event=events[3])
    # A replay of a missed event has failed: it is counted once.
    make_delivery(webhook, event=events[0], state=State.FAILED, is_replay=True)
    order = Order(since=timezone.now() - HOUR, include_missed=True)

    counted = count_matches(webhook, order, now=database_time())
    recovery = recover(webhook, include_missed=True)

    # What had a delivery was wanted once; it comes back whatever the filter says now.
    assert set(replayed()) == {events[0], events[2], events[3]}
    assert (counted, recovery.matched, recovery.queued) == (3, 3, 3)


def test_a_filter_is_asked_batch_by_batch(acme):
    webhook = make_webhook(acme, filter={"data.tenderId": ["T-1"]})
    for number in [1, *([2] * BATCH), 1]:
        make_event(acme, data={"tenderId": f"T-{number}"})

    recovery = recover(webhook, include_missed=True)

    assert (recovery.matched, recovery.queued) == (2, 2)


def test_what_went_to_another_webhook_was_missed_by_this_one(webhook, acme):
    event = make_event(acme)
    make_delivery(make_webhook(acme), event=event, state=State.SUCCEEDED)

    recover(webhook, include_missed=True)

    assert replayed() == [event]


@pytest.mark.parametrize("include_missed", [True, False])
def test_a_missed_event_whose_replay_failed_is_queued_once_more(
    webhook, acme, include_missed
):
    event = make_event(acme)
    recover(webhook, include_missed=True)
    end_with(State.FAILED)

    recovery = recover(webhook, include_missed=include_missed)

    assert (recovery.matched, recovery.queued) == (1, 1)
    assert replayed() == [event, event]


def test_what_was_missed_follows_what_failed(webhook, acme):
    missed = make_event(acme, created_at=timezone.now() - MINUTE)
    first = failed(webhook)

    recover(webhook, include_missed=True)

    assert [each.pk for each in replayed()] == [first.event.pk, missed.pk]


# --- Twice, and together ------------------------------------------------------------


def test_a_second_one_sends_nothing_that_the_first_has_brought(webhook):
    brought, refused = failed(webhook), failed(webhook)
    recover(webhook)
    Delivery.objects.filter(is_replay=True, event=brought.event).update(
        state=State.SUCCEEDED, due_at=None, ended_at=timezone.now()
    )
    end_with(State.FAILED)

    recovery = recover(webhook)

    assert recovery.matched == 1
    assert replayed() == [brought.event, refused.event, refused.event]


def test_only_one_runs_for_a_webhook(webhook, acme):
    failed(webhook)
    running = begin(webhook)

    with pytest.raises(RecoveryIsRunning) as refusal:
        begin(webhook)

    assert str(refusal.value) == (
        f"The recovery {running.public_id} of this webhook is still running."
    )
    assert Recovery.objects.get() == running
    begin(make_webhook(acme))


def test_the_database_refuses_a_second_one(webhook):
    recovery = begin(webhook)
    recovery.pk, recovery.uid = None, webhook.uid

    with pytest.raises(IntegrityError), transaction.atomic():
        recovery.save(force_insert=True)


def test_the_next_may_begin_before_the_last_was_told_that_it_has_ended(webhook):
    failed(webhook)
    first = recover(webhook)
    end_with(State.SUCCEEDED)

    begin(webhook)

    first.refresh_from_db()
    assert first.status == "completed"


@pytest.mark.parametrize("status", ["Pending", "Disabled"])
def test_a_webhook_that_is_not_active_recovers_nothing(acme, status):
    webhook = make_webhook(acme, status=status)
    failed(webhook)

    with pytest.raises(NotActive):
        begin(webhook)

    assert not Recovery.objects.exists()
    assert (
        count_matches(webhook, Order(since=timezone.now() - HOUR), now=timezone.now())
        == 1
    )


# --- Step by step -------------------------------------------------------------------


def test_deliveries_are_due_at_the_rate(webhook):
    for _ in range(3):
        failed(webhook)

    recovery = advance(begin(webhook), rate=5)

    due = [
        each.due_at
        for each in Delivery.objects.filter(recovery=recovery).order_by("due_at")
    ]
    fifth = timedelta(seconds=0.2)
    assert [later - earlier for earlier, later in pairwise(due)] == [fifth, fifth]
    assert recovery.next_due_at == due[-1] + fifth


def test_it_plans_two_minutes_ahead_and_goes_on_from_there(webhook):
    deliveries = [failed(webhook) for _ in range(15)]
    recovery = advance(begin(webhook), rate=0.05)
    # From now to in two minutes, each 20 s.
    assert recovery.queued == 7

    assert advance(recovery, rate=0.05).queued == 7
    minutes_pass(recovery)
    assert advance(recovery, rate=0.05).queued == 10
    minutes_pass(recovery, minutes=2)
    assert advance(recovery, rate=0.05).queued == 15

    events = Delivery.objects.filter(recovery=recovery).order_by("pk")
    assert [each.event for each in events] == [each.event for each in deliveries]


def test_after_a_pause_it_does_not_catch_up(webhook):
    for _ in range(10):
        failed(webhook)
    recovery = advance(begin(webhook), rate=0.05)
    minutes_pass(recovery, minutes=60)

    now = database_time()
    advance(recovery, rate=0.05)

    later = Delivery.objects.filter(recovery=recovery).order_by("-pk")[:3]
    assert min(each.due_at for each in later) >= now
    assert recovery.next_due_at >= now + 3 * timedelta(seconds=20)


def test_healing_leaves_what_is_planned(webhook):
    for _ in range(10):
        failed(webhook)
    recovery = advance(begin(webhook), rate=0.05)
    before = list(recovery.deliveries.order_by("pk").values_list("due_at", flat=True))

    heal(get_conf(), now=database_time())

    after = list(recovery.deliveries.order_by("pk").values_list("due_at", flat=True))
    assert before == after


def test_a_worker_that_must_leave_leaves_the_rest_to_another(webhook):
    deliveries = [failed(webhook) for _ in range(7)]
    recovery = begin(webhook)

    assert not go_on(rate=0.05, is_over=lambda: True)
    assert recovery.deliveries.count() == 6
    assert go_on(rate=0, is_over=never)

    assert replayed() == [each.event for each in deliveries]


def test_it_is_completed_when_all_has_ended(webhook):
    failed(webhook)
    failed(webhook)
    recovery = recover(webhook)
    assert report_on(recovery).standing.status == "running"
    first, second = recovery.deliveries.order_by("pk")
    ended_at = timezone.now()
    for each, state in ((first, State.SUCCEEDED), (second, State.FAILED)):
        Delivery.objects.filter(pk=each.pk).update(
            state=state, due_at=None, ended_at=ended_at
        )

    shown = report_on(recovery)
    advance(recovery)

    assert shown.standing == ("completed", "", ended_at)
    progress = shown.progress
    assert (progress.succeeded, progress.failed, progress.unfinished) == (1, 1, 0)
    assert (recovery.status, recovery.ended_at) == ("completed", ended_at)


def test_one_that_matches_nothing_is_completed(webhook):
    recovery = recover(webhook)

    assert (recovery.status, recovery.matched, recovery.queued) == ("completed", 0, 0)


def test_a_step_costs_few_queries(webhook, django_assert_max_num_queries):
    for _ in range(50):
        failed(webhook)
    begin(webhook)

    # Which run; twice: a savepoint, the row; once: what matches, deliveries, the row,
    # the time, progress.
    with django_assert_max_num_queries(14):
        go_on(rate=0, is_over=never)


# --- Its end before its time --------------------------------------------------------


def test_cancelling_withdraws_what_was_not_attempted(webhook):
    for _ in range(3):
        failed(webhook)
    recovery = recover(webhook)
    tried, *_ = recovery.deliveries.order_by("pk")
    Delivery.objects.filter(pk=tried.pk).update(claim_number=1, attempts_made=1)
    make_attempt(tried, status="failed")
    now = database_time()

    cancel_recovery(recovery, now=now)
    advance(recovery)

    assert (recovery.status, recovery.reason, recovery.ended_at) == (
        "cancelled",
        "It was cancelled on request.",
        now,
    )
    assert recovery.queued == 1
    assert recovery.deliveries.get() == tried


def test_cancelling_again_changes_nothing(webhook):
    recovery = begin(webhook)
    first = database_time()
    cancel_recovery(recovery, now=first)
    recovery.refresh_from_db()

    cancel_recovery(recovery, now=first + HOUR)

    recovery.refresh_from_db()
    assert recovery.ended_at == first


def test_what_has_ended_cannot_be_cancelled(webhook):
    recovery = recover(webhook)

    with pytest.raises(RecoveryHasEnded) as refusal:
        cancel_recovery(recovery, now=database_time())

    assert str(refusal.value) == ("The recovery has ended: there is nothing to cancel.")


def test_what_was_withdrawn_is_matched_again(webhook):
    delivery = failed(webhook)
    cancel_recovery(recover(webhook), now=database_time())

    recover(webhook)

    assert replayed() == [delivery.event]


@pytest.mark.parametrize("is_deleted", [True, False])
def test_it_ends_with_its_webhook_and_says_so(webhook, is_deleted):
    for _ in range(10):
        failed(webhook)
    recovery = advance(begin(webhook), rate=0.05)

    if is_deleted:
        delete_webhook(webhook)
    else:
        disable_webhook(webhook.pk, reason="Manual", now=database_time())
    shown = report_on(Recovery.objects.select_related("webhook").get()).standing
    skip_stopped(busy_webhooks(), now=database_time())
    advance(recovery, rate=0.05)

    assert (shown.status, shown.reason) == (
        "cancelled",
        "The webhook was disabled or deleted.",
    )
    assert (recovery.status, recovery.reason) == (shown.status, shown.reason)
    assert recovery.ended_at == shown.ended_at
    assert report_on(recovery).progress.skipped == recovery.queued == 7


def test_it_says_so_also_when_all_it_has_planned_was_skipped(webhook):
    for _ in range(3):
        failed(webhook)
    recovery = recover(webhook)

    disable_webhook(webhook.pk, reason="Manual", now=database_time())
    skip_stopped(busy_webhooks(), now=database_time())
    shown = report_on(Recovery.objects.select_related("webhook").get())
    advance(recovery)

    assert shown.progress.skipped == 3
    assert (shown.standing.status, shown.standing.reason) == (
        "cancelled",
        "The webhook was disabled or deleted.",
    )
    assert (recovery.status, recovery.reason, recovery.ended_at) == shown.standing


def test_it_waits_while_a_new_url_is_verified(webhook):
    failed(webhook)
    recovery = begin(webhook)
    Webhook.objects.update(status="Pending")

    assert (advance(recovery).status, recovery.queued) == ("running", 0)
    Webhook.objects.update(status="Active")
    assert advance(recovery).queued == 1


# --- Waking -------------------------------------------------------------------------


def test_the_sweep_rings_for_what_a_dead_worker_left(webhook):
    tasks._heal_in.cache_clear()
    tasks.sweep()
    assert RECOVER not in waiting_tasks()

    begin(webhook)
    tasks._heal_in.cache_clear()
    tasks.sweep()

    assert waiting_tasks().count(RECOVER) == 1


def test_the_task_goes_on_with_all_that_run(acme, webhook, settings):
    settings.WEBHOOKS_RECOVERY_RATE = 0
    webhooks = [webhook, make_webhook(acme)]
    recoveries = []
    for each in webhooks:
        failed(each)
        recoveries.append(begin(each))

    tasks.recover()

    for recovery in recoveries:
        recovery.refresh_from_db()
        assert recovery.queued == 1


def waiting_tasks():
    return [row.func() for row in OrmQ.objects.all()]
