"""What has expired is deleted, and nothing else."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from deliveries import tasks
from deliveries.checks import logs_are_kept_for_a_while
from deliveries.conf import get_conf
from deliveries.engine.folding import fold
from deliveries.engine.rebuilding import differing_days
from deliveries.logs import Criteria, DeliveryLog, health_of
from deliveries.models import Attempt, Delivery, Event, Purger, Recovery, Rollup
from deliveries.retention.periods import periods
from deliveries.retention.purging import PurgeUnderWay, expired, purge
from subscriptions.models import AuditEvent, IdempotentAnswer, Tenant, Webhook
from subscriptions.webhooks import delete_webhook
from tests.builders import (
    make_attempt,
    make_delivery,
    make_event,
    make_recovery,
    make_webhook,
)

NOW = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
State = Delivery.State
LONG = timedelta(hours=1)


def delivered(webhook, *, at, attempts=1, event=None, **overrides):
    """A delivery that ended *at*, after so many attempts a minute apart."""
    event = event or make_event(webhook.tenant, created_at=at)
    fields = {"state": State.SUCCEEDED, "ended_at": at, "created_at": at} | overrides
    delivery = make_delivery(webhook, event=event, **fields)
    for number in range(attempts):
        started_at = at - timedelta(minutes=attempts - number)
        make_attempt(delivery, started_at=started_at, response_body=b"ok")
    return delivery


def purge_now(*, now=NOW, days=None, **options):
    chosen = periods(get_conf(), now=now, days=days)
    return purge(chosen, patience=LONG, **options)


def ids(model):
    return set(model.objects.values_list("pk", flat=True))


def assert_rollups_equal_the_log():
    for webhook in Webhook.objects.all():
        assert differing_days(webhook) == []


# --- What goes ----------------------------------------------------------------------


def test_what_has_expired_goes_with_its_attempts_and_its_event(webhook):
    delivered(webhook, at=NOW - 31 * DAY, attempts=3)
    kept = delivered(webhook, at=NOW - 29 * DAY, attempts=2)

    purged = purge_now()

    assert {name: n for name, n in purged.counts.items() if n} == {"attempts": 3}
    assert purged.why_stopped == ""
    assert ids(Delivery) == {kept.pk}
    assert ids(Event) == {kept.event_id}
    assert set(Attempt.objects.values_list("delivery", flat=True)) == {kept.pk}
    assert_rollups_equal_the_log()


@pytest.mark.parametrize(
    ("age", "is_kept"), [(30 * DAY, True), (30 * DAY + SECOND, False)]
)
def test_it_is_kept_to_the_second(webhook, age, is_kept):
    delivered(webhook, at=NOW - age)

    purge_now()

    assert Attempt.objects.exists() == Event.objects.exists() == is_kept


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.SKIPPED])
def test_each_final_state_expires(webhook, state):
    delivered(webhook, at=NOW - 31 * DAY, state=state)

    purge_now()

    assert not Delivery.objects.exists()


@pytest.mark.parametrize("state", [State.PENDING, State.WAITING])
def test_what_is_not_finished_stays_whatever_its_age(webhook, state):
    at = NOW - 400 * DAY
    pending = delivered(webhook, at=at, attempts=2, state=state, ended_at=None)

    purge_now()

    assert ids(Delivery) == {pending.pk}
    assert ids(Event) == {pending.event_id}
    assert Attempt.objects.count() == 2


def test_attempts_of_a_delivery_stay_together(webhook):
    """It ended within the period, though it began before."""
    delivered(webhook, at=NOW - 30 * DAY + SECOND, attempts=4)

    purge_now()

    assert Attempt.objects.count() == 4


def test_an_event_stays_while_one_of_its_deliveries_does(acme, webhook):
    event = make_event(acme, created_at=NOW - 31 * DAY)
    delivered(webhook, at=NOW - 31 * DAY, event=event)
    replay = delivered(webhook, at=NOW - DAY, event=event, is_replay=True)

    purge_now()

    assert ids(Event) == {event.pk}
    assert ids(Delivery) == {replay.pk}


def test_events_that_went_to_nobody_expire(acme):
    make_event(acme, created_at=NOW - 31 * DAY)
    kept = make_event(acme, created_at=NOW - 29 * DAY)

    assert purge_now().counts["events"] == 1
    assert ids(Event) == {kept.pk}


def test_a_finished_delivery_without_an_attempt_does_not_keep_its_event(webhook):
    delivered(webhook, at=NOW - 31 * DAY, attempts=0)

    purge_now()

    assert not Event.objects.exists()


def test_more_than_a_batch_goes(webhook, acme):
    first = delivered(webhook, at=NOW - 40 * DAY)
    fields = {
        name: getattr(first, name) for name in ("webhook_id", "state", "ended_at")
    }
    fields |= {"created_at": first.created_at, "is_replay": True}
    rows = Delivery.objects.bulk_create(
        Delivery(event=first.event, **fields) for _ in range(1100)
    )
    attempt = {"webhook": webhook, "sequence": 1, "number": 1, "status": "success"}
    Attempt.objects.bulk_create(
        Attempt(delivery=row, started_at=first.ended_at, **attempt) for row in rows
    )
    for _ in range(1200):
        make_event(acme, created_at=NOW - 40 * DAY)

    counts = purge_now().counts

    assert (counts["attempts"], counts["events"]) == (1101, 1200)
    assert not Attempt.objects.exists()
    assert not Event.objects.exists()
    assert not Rollup.objects.exists()


def test_purging_twice_deletes_nothing_more(webhook):
    delivered(webhook, at=NOW - 31 * DAY)
    delivered(webhook, at=NOW)
    purge_now()
    before = [ids(model) for model in (Attempt, Delivery, Event, Rollup)]

    assert not any(purge_now().counts.values())
    assert [ids(model) for model in (Attempt, Delivery, Event, Rollup)] == before


# --- What is kept beside the log ----------------------------------------------------


def test_what_is_kept_beside_the_log_expires_by_itself(acme):
    for age in (401 * DAY, 399 * DAY):
        AuditEvent.objects.create(
            tenant=acme, action="webhook.updated", created_at=NOW - age
        )
    for key, age in (("old", 25 * LONG), ("new", 23 * LONG)):
        IdempotentAnswer.objects.create(
            caller="tenant:1", route="/events", key=key, created_at=NOW - age
        )

    purged = purge_now()

    assert (purged.counts["audit_events"], purged.counts["idempotency_keys"]) == (1, 1)
    assert not AuditEvent.objects.filter(created_at__lt=NOW - 400 * DAY).exists()
    assert AuditEvent.objects.filter(created_at=NOW - 399 * DAY).exists()
    assert IdempotentAnswer.objects.get().key == "new"


def test_what_a_running_recovery_may_need_stays(webhook):
    delivered(webhook, at=NOW - 31 * DAY, attempts=1)
    recovery = make_recovery(webhook)

    spared = purge_now().counts["attempts"]
    Recovery.objects.filter(pk=recovery.pk).update(
        status=Recovery.Status.COMPLETED, ended_at=NOW
    )

    assert (spared, purge_now().counts["attempts"]) == (0, 1)


# --- Deleted webhooks ---------------------------------------------------------------


def test_a_deleted_webhook_goes_with_its_last_log(acme, webhook):
    delivered(webhook, at=NOW - 31 * DAY)
    kept = make_webhook(acme)
    delete_webhook(webhook)
    Webhook.objects.filter(pk=webhook.pk).update(deleted_at=NOW - 31 * DAY)

    assert purge_now().counts["webhooks"] == 1
    assert ids(Webhook) == {kept.pk}


def test_a_deleted_webhook_stays_while_something_of_it_does(acme):
    with_log, pending, lately = (make_webhook(acme) for _ in range(3))
    delivered(with_log, at=NOW - DAY)
    make_delivery(pending)
    for each in (with_log, pending, lately):
        delete_webhook(each)
    old = [with_log.pk, pending.pk]
    Webhook.objects.filter(pk__in=old).update(deleted_at=NOW - 31 * DAY)
    Webhook.objects.filter(pk=lately.pk).update(deleted_at=NOW - DAY)

    assert purge_now().counts["webhooks"] == 0
    assert ids(Webhook) == {with_log.pk, pending.pk, lately.pk}


# --- Whose period -------------------------------------------------------------------


def test_a_tenant_has_its_own_period(acme, globex):
    Tenant.objects.filter(pk=acme.pk).update(retention_days=7)
    Tenant.objects.filter(pk=globex.pk).update(retention_days=365)
    short, long = make_webhook(acme), make_webhook(globex)
    delivered(short, at=NOW - 8 * DAY)
    own = delivered(short, at=NOW - 6 * DAY)
    other = delivered(long, at=NOW - 364 * DAY)

    purge_now()

    assert ids(Delivery) == {own.pk, other.pk}


def test_the_period_of_the_command_leaves_a_tenants_own(acme, globex):
    Tenant.objects.filter(pk=globex.pk).update(retention_days=365)
    delivered(make_webhook(acme), at=NOW - 8 * DAY)
    kept = delivered(make_webhook(globex), at=NOW - 8 * DAY)

    purge_now(days=7)

    assert ids(Delivery) == {kept.pk}


def test_health_counts_what_the_log_still_has(acme, webhook):
    Tenant.objects.filter(pk=acme.pk).update(retention_days=2)
    for days in (1, 3, 20):
        delivered(webhook, at=NOW - days * DAY, attempts=2)
    fold()

    purge_now()

    health = health_of(webhook, days=30, now=NOW)
    log = DeliveryLog(webhook, Criteria(since=NOW - 30 * DAY, until=NOW))
    assert health.metrics.total == log.count() == 2
    assert_rollups_equal_the_log()


# --- Payloads -----------------------------------------------------------------------


@pytest.fixture
def payloads_for_a_week(settings):
    settings.WEBHOOKS_PAYLOAD_RETENTION_DAYS = 7 * DAY


def test_payloads_may_go_before_the_log(webhook, payloads_for_a_week):
    old = delivered(webhook, at=NOW - 8 * DAY, attempts=2)
    new = delivered(webhook, at=NOW - 6 * DAY)

    assert purge_now().counts["payloads"] == 1

    for delivery in (old, new):
        delivery.event.refresh_from_db()
    assert bytes(old.event.body) == b""
    assert old.event.payload_note == "Kept for 8 days, deleted on 2026-11-20."
    assert [bytes(each.response_body) for each in old.attempts.all()] == [b"", b""]
    assert bytes(new.event.body)
    assert new.event.payload_note is None
    assert bytes(new.attempts.get().response_body) == b"ok"
    assert_rollups_equal_the_log()


def test_the_payload_of_what_is_to_be_sent_stays(webhook, payloads_for_a_week):
    pending = make_delivery(
        webhook, event=make_event(webhook.tenant, created_at=NOW - 8 * DAY)
    )

    purge_now()
    purge_now(now=NOW + DAY)
    pending.event.refresh_from_db()
    assert bytes(pending.event.body)
    Delivery.objects.update(state=State.FAILED, due_at=None, ended_at=NOW)

    assert purge_now(now=NOW + 2 * DAY).counts["payloads"] == 1


def test_a_payload_goes_once(webhook, payloads_for_a_week):
    delivered(webhook, at=NOW - 8 * DAY)
    purge_now()

    assert purge_now(now=NOW + DAY).counts["payloads"] == 0
    assert Event.objects.get().payload_deleted_at == NOW


def test_without_a_period_of_their_own_payloads_stay(webhook):
    delivered(webhook, at=NOW - 29 * DAY)

    purge_now()

    assert bytes(Event.objects.get().body)


# --- How it goes about it -----------------------------------------------------------


def test_a_slow_batch_ends_the_purge_and_the_next_goes_on(webhook, acme):
    delivered(webhook, at=NOW - 31 * DAY)
    make_event(acme, created_at=NOW - 31 * DAY)

    purged = purge_now(too_slow=timedelta(0))

    assert purged.counts["attempts"] == 1
    assert "events" not in purged.counts
    assert re.fullmatch(r"A batch took \d+\.\d s \(attempts\)", purged.why_stopped)
    assert Purger.objects.get().purged_at is None
    assert purge_now().counts["events"] == 1
    assert Purger.objects.get().purged_at == NOW


def test_who_is_told_to_stop_stops_after_a_batch(webhook):
    delivered(webhook, at=NOW - 31 * DAY)

    purged = purge_now(is_told_to_stop=lambda: True)

    assert purged.why_stopped == "The worker stops (attempts)"


def test_there_is_one_purger_at_a_time(webhook):
    delivered(webhook, at=NOW - 31 * DAY)
    Purger.objects.create(pk=1, until=NOW + SECOND)

    with pytest.raises(PurgeUnderWay):
        purge_now()

    assert Attempt.objects.exists()
    assert purge_now(now=NOW + SECOND).counts["attempts"] == 1


def test_a_purger_that_fails_leaves_its_place(webhook):
    def fail():
        raise RuntimeError

    delivered(webhook, at=NOW - 31 * DAY)

    with pytest.raises(RuntimeError):
        purge_now(is_told_to_stop=fail)

    assert Purger.objects.get().until is None
    assert Purger.objects.get().purged_at is None


def test_another_tenants_log_costs_nothing(webhook, globex, django_assert_num_queries):
    other = make_webhook(globex)
    for _ in range(5):
        delivered(other, at=NOW - DAY)

    # The lease: look, take, leave; periods; payloads none; a look for each webhook and
    # tenant; deleted webhooks; incidents and rules; what is beside the log. Savepoints around batches.
    with django_assert_num_queries(31):
        purge_now()


# --- The command and the task -------------------------------------------------------


@pytest.fixture
def said(capsys):
    """What the command has printed, line by line."""

    def lines():
        return capsys.readouterr().out.splitlines()

    return lines


@pytest.fixture
def old_log(webhook, acme):
    now = datetime.now(UTC)
    delivered(webhook, at=now - 31 * DAY, attempts=2)
    delivered(webhook, at=now - 10 * DAY)
    make_event(acme, created_at=now - 31 * DAY)


def test_a_dry_run_deletes_nothing(old_log, said):
    call_command("purge_logs", dry_run=True)

    assert said() == ["Would delete 2 attempts, 1 events."]
    assert Attempt.objects.count() == 3
    assert Event.objects.count() == 3


def test_the_command_says_what_went(old_log, said):
    call_command("purge_logs")

    assert said() == ["Deleted 2 attempts, 1 events."]
    assert Attempt.objects.count() == 1


def test_the_command_takes_another_period(old_log, said):
    call_command("purge_logs", older_than=9)

    assert said() == ["Deleted 3 attempts, 1 events."]


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_the_command_refuses_periods_that_cannot_be_meant(old_log, days):
    with pytest.raises(CommandError, match=r"^--older-than is 1 to 3650\.$"):
        call_command("purge_logs", older_than=days)

    assert Attempt.objects.count() == 3


def test_the_command_says_that_another_is_under_way(old_log):
    Purger.objects.create(pk=1, until=datetime.now(UTC) + timedelta(minutes=1))

    with pytest.raises(CommandError, match=r"^Another purge is under way\.$"):
        call_command("purge_logs")

    assert Attempt.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_the_task_purges_aside(old_log):
    # What a task returns travels between processes: a thread could not.
    assert tasks.purge_expired() is None
    for aside in threading.enumerate():
        if aside.name == "purge":
            aside.join()

    assert Attempt.objects.count() == 1


def test_what_would_go_is_what_goes(old_log, webhook, settings):
    settings.WEBHOOKS_PAYLOAD_RETENTION_DAYS = 7 * DAY
    chosen = periods(get_conf(), now=datetime.now(UTC))

    would_go = expired(chosen)

    assert would_go == purge(chosen, patience=LONG).counts


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_the_file_of_sqlite_shrinks(acme):
    rows = [
        Event(
            tenant=acme,
            subsidiary=acme.subsidiaries.get(),
            public_id=f"evt_{number}",
            occurred_at=NOW,
            created_at=NOW - 31 * DAY,
            body=b"x" * 20_000,
        )
        for number in range(600)
    ]
    Event.objects.bulk_create(rows)

    def pages():
        with connection.cursor() as cursor:
            return cursor.execute("PRAGMA page_count").fetchone()[0]

    before = pages()

    purge_now()

    assert pages() < before - 2000


# --- The settings -------------------------------------------------------------------


@pytest.mark.parametrize(("log", "payloads"), [(30, 0), (30, 7), (1, 1)])
def test_periods_that_can_be_kept_are_accepted(settings, log, payloads):
    settings.WEBHOOKS_RETENTION_DAYS = log * DAY
    settings.WEBHOOKS_PAYLOAD_RETENTION_DAYS = payloads * DAY

    assert logs_are_kept_for_a_while() == []


@pytest.mark.parametrize(("log", "payloads"), [(0, 0), (-1, 0), (30, 31), (30, -1)])
def test_periods_that_contradict_each_other_stop_the_start(settings, log, payloads):
    settings.WEBHOOKS_RETENTION_DAYS = log * DAY
    settings.WEBHOOKS_PAYLOAD_RETENTION_DAYS = payloads * DAY

    (error,) = logs_are_kept_for_a_while()

    assert error.id == "deliveries.E010"
    assert error.msg == (
        "WEBHOOKS_RETENTION_DAYS must be at least 1, and "
        "WEBHOOKS_PAYLOAD_RETENTION_DAYS not more than that, or 0."
    )
