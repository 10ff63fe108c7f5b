"""Health equals a count over the log of the same window."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from deliveries.logs import Criteria, DeliveryLog, LastDelivery, health_of
from deliveries.models import Delivery, WebhookHealth
from tests.builders import make_attempt, make_delivery, make_event, make_webhook

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def attempted(webhook, *, at=NOW - SECOND, is_test=False, **attempt):
    delivery = make_delivery(
        webhook, state=Delivery.State.SUCCEEDED, is_test=is_test, attempts_made=1
    )
    return make_attempt(delivery, started_at=at, **attempt)


def metrics_of(webhook, days=7):
    return health_of(webhook, days=days, now=NOW).metrics


def test_the_counts_are_those_of_the_log(webhook):
    statuses = ["success"] * 3 + ["failed"] * 2 + ["timeout"] + ["skipped"] * 4
    for status in statuses:
        attempted(webhook, status=status)

    metrics = metrics_of(webhook)
    log = DeliveryLog(webhook, Criteria(since=NOW - 7 * DAY, until=NOW))
    by_status = Counter(entry.status for entry in log[0:100])

    assert metrics.total == log.count() == 10
    assert by_status == {
        "success": metrics.succeeded,
        "failed": metrics.failed,
        "timeout": metrics.timed_out,
        "skipped": metrics.skipped,
    }


@pytest.mark.parametrize(
    ("statuses", "rate"),
    [
        (["success"], 100),
        (["failed"], 0),
        (["success", "failed", "timeout"], 33.33),
        (["success", "success", "failed"], 66.67),
        (["success", "skipped", "skipped"], 100),
        (["skipped"], None),
        ([], None),
    ],
)
def test_the_success_rate_is_a_share_of_what_was_tried(webhook, statuses, rate):
    for status in statuses:
        attempted(webhook, status=status)

    assert metrics_of(webhook).success_rate == rate


@pytest.mark.parametrize(("days", "total"), [(1, 1), (7, 2), (30, 3)])
def test_the_window_is_inclusive_at_both_ends(webhook, days, total):
    attempted(webhook, at=NOW)
    attempted(webhook, at=NOW + SECOND)
    attempted(webhook, at=NOW - DAY - SECOND)
    attempted(webhook, at=NOW - 30 * DAY)
    attempted(webhook, at=NOW - 30 * DAY - SECOND)

    assert metrics_of(webhook, days=days).total == total


@pytest.mark.parametrize(
    ("durations", "p50", "p95"),
    [
        ([7], 7, 7),
        ([20, 10], 10, 20),
        ([30, 10, 20], 20, 30),
        (range(1, 21), 10, 19),
        (range(1, 101), 50, 95),
        (range(101), 50, 95),
    ],
)
def test_percentiles_are_by_nearest_rank(webhook, durations, p50, p95):
    for duration in durations:
        attempted(webhook, duration_ms=duration)

    metrics = metrics_of(webhook)

    assert (metrics.p50_ms, metrics.p95_ms) == (p50, p95)


def test_durations_are_of_attempts_that_were_seen_to_their_end(webhook):
    attempted(webhook, duration_ms=100)
    attempted(webhook, duration_ms=201, status="timeout")
    attempted(webhook, duration_ms=1, status="skipped")
    attempted(webhook, duration_ms=1, status="failed", error_kind="interrupted")

    metrics = metrics_of(webhook)

    assert (metrics.average_ms, metrics.longest_ms) == (150.5, 201)
    assert (metrics.p50_ms, metrics.p95_ms) == (100, 201)


def test_without_attempts_there_is_nothing_to_say(webhook):
    health = health_of(webhook, days=7, now=NOW)

    assert health.metrics.total == 0
    assert health.metrics.average_ms is None
    assert health.metrics.longest_ms is None
    assert health.metrics.p50_ms is None
    assert health.metrics.p95_ms is None
    assert health.last_delivery is None
    assert (health.pending, health.oldest_pending_at) == (0, None)
    assert health.consecutive_failures == 0


def test_tests_are_counted_nowhere(webhook):
    attempted(webhook, is_test=True)
    make_delivery(webhook, is_test=True)

    health = health_of(webhook, days=7, now=NOW)

    assert (health.metrics.total, health.pending) == (0, 0)
    assert health.last_delivery is None


def test_the_last_delivery_is_the_newest_entry_also_before_the_window(webhook):
    attempted(webhook, at=NOW - 3 * DAY)
    attempted(webhook, at=NOW - 2 * DAY, status="failed")

    health = health_of(webhook, days=1, now=NOW)

    assert health.last_delivery == LastDelivery(
        timestamp=NOW - 2 * DAY, status="failed", event_type="tender.created"
    )


def test_what_waits_is_counted_whether_it_was_attempted_or_not(webhook):
    make_delivery(webhook, created_at=NOW - SECOND)
    make_delivery(webhook, created_at=NOW - DAY, attempts_made=2)
    make_delivery(webhook, state=Delivery.State.WAITING, order_key="T-1")
    make_delivery(webhook, state=Delivery.State.FAILED, created_at=NOW - 2 * DAY)

    health = health_of(webhook, days=1, now=NOW)

    assert (health.pending, health.oldest_pending_at) == (3, NOW - DAY)


def test_failures_in_a_row_are_the_engines_count(webhook):
    WebhookHealth.objects.create(webhook=webhook, consecutive_failures=4)

    assert health_of(webhook, days=7, now=NOW).consecutive_failures == 4


@pytest.mark.parametrize("attempts", [1, 30])
def test_health_takes_the_same_queries_however_many_attempts(
    webhook, django_assert_num_queries, attempts
):
    for _ in range(attempts):
        attempted(webhook)

    with django_assert_num_queries(5):
        health_of(webhook, days=7, now=NOW)


def test_another_webhook_is_not_counted(webhook, acme, globex):
    for other in (make_webhook(acme), make_webhook(globex)):
        attempted(other)
        make_delivery(other, event=make_event(other.tenant))

    health = health_of(webhook, days=7, now=NOW)

    assert (health.metrics.total, health.pending) == (0, 0)
    assert health.last_delivery is None
