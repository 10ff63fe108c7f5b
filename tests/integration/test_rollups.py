"""Roll-ups equal the log at any moment, whatever happened to it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deliveries import tasks
from deliveries.conf import get_conf
from deliveries.engine import skipping
from deliveries.engine.backlog import busy_webhooks
from deliveries.engine.counting import (
    COUNTED,
    count_attempts,
    count_rows,
    recount,
)
from deliveries.engine.delivering import deliver, prepare
from deliveries.engine.folding import fold
from deliveries.engine.interruptions import note_interrupted
from deliveries.engine.rebuilding import differing_days, rebuild
from deliveries.engine.recording import record
from deliveries.logs import health_of, series_of
from deliveries.logs.windows import tally_of
from deliveries.models import Attempt, DailyRollup, Delivery, Rollup, hour_of
from deliveries.tokens import Tokens
from deliveries.wire.exchange import Exchange, Response, Timing
from deliveries.wire.message import HeaderStyle
from subscriptions.webhooks import disable_webhook
from tests.builders import make_attempt, make_delivery, make_webhook
from tests.integration.conftest import LEASE

NOW = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
STYLE = HeaderStyle("X-Alvys-", "Alvys-Webhook/1.0")
ENDINGS = [
    ("success", 200, ""),
    ("failed", 503, ""),
    ("failed", 404, ""),
    ("failed", None, "dns"),
    ("failed", None, "interrupted"),
    ("timeout", None, "timeout"),
    ("skipped", None, "disabled"),
]


def attempted(webhook, *, at=NOW, ending=0, duration_ms=10, is_test=False):
    delivery = make_delivery(webhook, state=Delivery.State.SUCCEEDED, is_test=is_test)
    status, code, kind = ENDINGS[ending]
    return make_attempt(
        delivery,
        started_at=at,
        status=status,
        status_code=code,
        error_kind=kind,
        duration_ms=duration_ms,
    )


def counted(webhook, since, until):
    """From the log alone: a second way to the same numbers."""
    log = webhook.attempts.filter(is_test=False, started_at__range=(since, until))
    entries = list(log)
    seen = sorted(each.duration_ms for each in entries if each.is_measured)
    return {
        "statuses": Counter(each.status for each in entries),
        "average": round(sum(seen) / len(seen), 2) if seen else None,
        "longest": max(seen, default=None),
        50: seen[-(-len(seen) * 50 // 100) - 1] if seen else None,
        95: seen[-(-len(seen) * 95 // 100) - 1] if seen else None,
        "failures": Counter(
            each.error_kind or f"http_{each.status_code // 100}xx"
            for each in entries
            if each.status in ("failed", "timeout")
        ),
    }


def assert_equal_to_the_log(webhook, *, now=NOW):
    """Whole hours by roll-ups, however few entries they have."""
    for days in (1, 7, 30):
        window = {"since": now - days * DAY, "until": now}
        log = counted(webhook, *window.values())
        tally = tally_of(webhook, **window, few=-1)
        assert +tally.statuses == log["statuses"]
        assert (tally.average_ms, tally.longest_ms) == (log["average"], log["longest"])
        for percent in (50, 95):
            assert_close(tally.percentile(percent), log[percent])
        assert_failures_are_told_apart(webhook, **window)


def assert_failures_are_told_apart(webhook, *, since, until):
    begin, end = hour_of(since), hour_of(until) + HOUR
    rows = Rollup.objects.filter(webhook=webhook).within(begin, end)
    told = sum((Counter(row.failures) for row in rows), Counter())
    assert told == counted(webhook, begin, end - timedelta.resolution)["failures"]


def assert_close(found, exact):
    assert (found is None) == (exact is None)
    assert exact is None or abs(found - exact) * 128 <= exact


@pytest.fixture
def go(claim_due, clock):
    """Claim what is due, answer it, record that; return what was recorded."""

    def claim_send_and_record(*statuses):
        def send(request, *, timeout):
            return Exchange(Response(next(rest)), Timing(total_ms=300))

        rest = iter(statuses)
        outgoing = prepare(
            claim_due(per_webhook=50),
            rules_of=get_conf().rules,
            tokens=Tokens(),
            now=clock(),
        )
        sent = [deliver(e, send=send, style=STYLE, clock=clock) for e in outgoing]
        record(sent, now=clock())
        return sent

    return claim_send_and_record


# --- Whatever happens ---------------------------------------------------------------

entries = st.fixed_dictionaries(
    {
        # Around the edges of all three windows and of hours, and in the future.
        "at": st.builds(
            lambda days, minutes: NOW - days * DAY + minutes * MINUTE,
            st.sampled_from([0, 1, 3, 7, 30]),
            st.integers(-90, 90)
            | st.sampled_from([-60 - 34, -34, 26])
            # Midnight, on both sides.
            | st.sampled_from([-12 * 60 - 35, -12 * 60 - 34, 11 * 60 + 25]),
        ),
        "ending": st.integers(0, len(ENDINGS) - 1),
        "duration_ms": st.integers(0, 40_000),
        "is_test": st.booleans(),
    }
)
steps = st.one_of(
    st.tuples(st.just("attempt"), entries),
    st.tuples(st.just("fold"), st.none()),
    st.tuples(st.just("purge"), st.integers(0, 31)),
    st.tuples(st.just("rebuild"), st.none()),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(steps, max_size=25))
def test_health_is_a_count_over_the_log(webhook, story):
    Attempt.objects.all().delete()
    Rollup.objects.all().delete()
    DailyRollup.objects.all().delete()
    for step, what in story:
        if step == "attempt":
            attempted(webhook, **what)
        elif step == "fold":
            fold()
        elif step == "purge":
            purge(webhook, until=NOW - what * DAY)
        else:
            rebuild(webhook)

    assert_equal_to_the_log(webhook)
    assert differing_days(webhook) == []


def purge(webhook, *, until):
    """The oldest five, as a batch of the product's does it."""
    old = webhook.attempts.filter(started_at__lt=until).order_by("started_at", "pk")
    gone = dict(old.values_list("pk", "started_at")[:5])
    Attempt.objects.filter(pk__in=gone).delete()
    if gone:
        first, last = (hour_of(each(gone.values())) for each in (min, max))
        recount(webhook.pk, since=first, until=last + HOUR)


# --- Each way into the log ----------------------------------------------------------


def test_a_record_is_counted_once_though_it_is_made_twice(webhook, go, clock):
    make_delivery(webhook)
    sent = go(503)

    record(sent, now=clock())
    clock.advance(hours=2)

    assert Attempt.objects.count() == 1
    assert_equal_to_the_log(webhook, now=clock())


def test_an_answer_that_came_too_late_is_not_counted(webhook, go, clock):
    delivery = make_delivery(webhook, claim_number=0)
    make_attempt(
        delivery, sequence=1, started_at=clock(), status="failed", error_kind="dns"
    )

    go(200)
    clock.advance(hours=2)

    assert Attempt.objects.get().error_kind == "dns"
    assert_equal_to_the_log(webhook, now=clock())


def test_tests_are_counted_nowhere(webhook, go):
    make_delivery(webhook, is_test=True)

    go(500)

    assert Attempt.objects.get().is_test
    assert not Rollup.objects.exists()


def test_retries_and_replays_are_counted_each(webhook, go, clock):
    first = make_delivery(webhook)
    go(503)
    clock.advance(minutes=50)
    make_delivery(webhook, event=first.event, is_replay=True)
    go(503, 200)
    clock.advance(minutes=50)

    assert Attempt.objects.count() == 3
    assert_equal_to_the_log(webhook, now=clock())


def test_what_is_skipped_is_counted(webhook, clock):
    for _ in range(3):
        make_delivery(webhook)
    make_delivery(webhook, is_test=True)
    disable_webhook(webhook.pk, reason="Manual", now=clock())

    skipping.skip_stopped(busy_webhooks(), now=clock())
    clock.advance(hours=2)

    assert health_of(webhook, days=1, now=clock()).metrics.skipped == 3
    assert_equal_to_the_log(webhook, now=clock())


def test_an_interrupted_attempt_is_counted_once(webhook, claim_due, clock):
    delivery = make_delivery(webhook)
    claim_due()
    clock.advance(hours=2)

    for _ in range(2):
        note_interrupted([delivery.pk], lease_of=lambda _: LEASE)

    assert Attempt.objects.get().error_kind == "interrupted"
    assert health_of(webhook, days=1, now=clock()).metrics.failed == 1
    assert_equal_to_the_log(webhook, now=clock())


# --- Folding ------------------------------------------------------------------------


def test_the_sweep_makes_one_row_of_an_hour(webhook, acme):
    other = make_webhook(acme)
    for each in (webhook, webhook, other, other):
        attempted(each)
    attempted(webhook, at=NOW - HOUR)

    tasks.sweep()

    rows = Rollup.objects.values_list("webhook", "hour", "statuses", "is_part")
    hour = NOW.replace(minute=0, second=0)
    assert list(rows) == [
        (webhook.pk, hour - HOUR, {"success": 1}, False),
        (webhook.pk, hour, {"success": 2}, False),
        (other.pk, hour, {"success": 2}, False),
    ]


def test_what_is_folded_is_left_alone(webhook, django_assert_num_queries):
    attempted(webhook)
    fold()

    with django_assert_num_queries(1):
        assert fold() == 0


def test_a_late_part_is_folded_into_its_hour(webhook):
    attempted(webhook, at=NOW - 3 * HOUR)
    fold()
    attempted(webhook, at=NOW - 3 * HOUR, ending=1, duration_ms=500)

    assert fold() == 1

    row = Rollup.objects.get()
    assert row.statuses == {"success": 1, "failed": 1}
    assert row.failures == {"http_5xx": 1}
    assert row.durations == {"10": 1, "502": 1}
    assert (row.total_ms, row.longest_ms) == (510, 500)


# --- What health costs --------------------------------------------------------------


def test_many_entries_are_read_from_rollups(webhook):
    """The log is counted at the window's edges alone: elsewhere it could be empty."""
    values = (webhook.pk, NOW - 5 * HOUR, False, "success", 200, "", 1000)
    count_rows([dict(zip(COUNTED, values, strict=True))] * 1001)
    attempted(webhook, at=NOW)

    metrics = health_of(webhook, days=1, now=NOW).metrics

    assert (metrics.total, metrics.p50_ms, metrics.longest_ms) == (1002, 1000, 1000)


def test_few_entries_are_counted_in_the_log(webhook):
    attempted(webhook, at=NOW - 5 * HOUR, duration_ms=1000)
    attempted(webhook, at=NOW - 5 * HOUR, duration_ms=1001)

    metrics = health_of(webhook, days=1, now=NOW).metrics

    assert (metrics.p50_ms, metrics.p95_ms) == (1000, 1001)


# --- Series -------------------------------------------------------------------------


def test_a_series_has_each_hour_once(webhook):
    attempted(webhook, at=NOW - 2 * HOUR, duration_ms=10)
    attempted(webhook, at=NOW - 2 * HOUR, ending=1, duration_ms=20)
    attempted(webhook, at=NOW, ending=5)
    attempted(webhook, at=NOW, ending=6)
    attempted(webhook, at=NOW - 24 * HOUR)
    attempted(webhook, at=NOW, is_test=True)

    series = series_of([webhook], hours=24, now=NOW)[webhook.pk]

    starts = [each.start for each in series.hours]
    last = NOW.replace(minute=0, second=0)
    assert starts == [last - HOUR * back for back in range(23, -1, -1)]
    shown = {
        each.start: (each.succeeded, each.failed, each.skipped)
        for each in series.hours
        if each.tally.total
    }
    assert shown == {last - 2 * HOUR: (1, 1, 0), last: (0, 1, 1)}
    assert (series.hours[-3].p50_ms, series.hours[-3].p95_ms) == (10, 20)
    assert (series.hours[0].p50_ms, series.hours[0].p95_ms) == (None, None)
    assert (series.total.total, series.total.success_rate) == (4, 33.33)


def test_the_series_of_many_webhooks_take_one_query(
    acme, globex, django_assert_num_queries
):
    webhooks = [make_webhook(acme) for _ in range(4)]
    for each in webhooks[:3]:
        attempted(each)
    attempted(make_webhook(globex))

    with django_assert_num_queries(1):
        found = series_of(webhooks, hours=24, now=NOW)

    assert list(found) == [each.pk for each in webhooks]
    assert [each.total.total for each in found.values()] == [1, 1, 1, 0]


def test_another_webhook_is_in_no_series(webhook, globex):
    stranger = make_webhook(globex)
    attempted(stranger, ending=1)

    assert series_of([webhook], hours=24, now=NOW)[webhook.pk].total.total == 0


def test_counting_nothing_writes_nothing(webhook, django_assert_num_queries):
    with django_assert_num_queries(0):
        count_attempts([])
