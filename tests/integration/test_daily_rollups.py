"""Days beside hours: the same numbers, and never twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deliveries.engine.counting import recount
from deliveries.engine.folding import fold
from deliveries.engine.rebuilding import differing_days
from deliveries.logs.timeline import timeline_of
from deliveries.logs.windows import tally_of
from deliveries.models import Attempt, DailyRollup, Rollup
from tests.builders import make_attempt, make_delivery, make_webhook

NOW = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)
TODAY = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def attempted(webhook, at, *, status="success", duration_ms=10):
    return make_attempt(
        make_delivery(webhook),
        started_at=at,
        status=status,
        status_code=200 if status == "success" else 503,
        duration_ms=duration_ms,
    )


def of_a_month(webhook, *, now=NOW):
    """By hours and days, however few entries they have."""
    return +tally_of(webhook, since=now - 30 * DAY, until=now, few=-1).statuses


def days(webhook):
    return list(webhook.daily_rollups.values_list("day", "statuses"))


def test_a_day_is_the_sum_of_its_hours(webhook):
    attempted(webhook, TODAY - DAY, duration_ms=3)
    attempted(webhook, TODAY - timedelta.resolution, duration_ms=500)
    attempted(webhook, TODAY - HOUR, status="failed", duration_ms=500)
    attempted(webhook, TODAY)

    fold()

    assert days(webhook) == [
        (TODAY - DAY, {"success": 2, "failed": 1}),
        (TODAY, {"success": 1}),
    ]
    day = webhook.daily_rollups.get(day=TODAY - DAY)
    assert (day.total_ms, day.longest_ms) == (1003, 500)
    assert day.durations == {"3": 1, "502": 2}
    assert day.failures == {"http_5xx": 1}


def test_whole_days_are_read_as_days(webhook):
    """Their hours could be gone: of those, only the ends of the window are read."""
    for at in (NOW - 3 * DAY, NOW - 2 * HOUR, NOW - 30 * DAY + HOUR):
        attempted(webhook, at)
    fold()
    Rollup.objects.filter(hour__lt=TODAY, hour__gte=TODAY - 29 * DAY).delete()

    assert of_a_month(webhook) == {"success": 3}


def test_a_month_takes_two_queries(webhook, django_assert_num_queries):
    attempted(webhook, NOW - 3 * DAY)
    fold()
    attempted(webhook, NOW - 3 * DAY)

    with django_assert_num_queries(2):
        assert of_a_month(webhook) == {"success": 2}


def test_what_comes_late_shows_at_once_and_once(webhook):
    attempted(webhook, NOW - 3 * DAY)
    fold()
    attempted(webhook, NOW - 3 * DAY, status="failed")
    attempted(webhook, NOW - 3 * DAY + 5 * HOUR)
    late = {"success": 2, "failed": 1}

    assert of_a_month(webhook) == late
    for _ in range(2):
        fold()
        assert of_a_month(webhook) == late
        assert days(webhook) == [(TODAY - 3 * DAY, late)]


def test_the_running_day_grows_with_each_fold(webhook):
    for count in (1, 2, 3):
        attempted(webhook, NOW)
        fold()

        assert days(webhook) == [(TODAY, {"success": count})]


def test_the_days_of_webhooks_are_not_mixed(webhook, globex):
    stranger = make_webhook(globex)
    for each in (webhook, stranger):
        attempted(each, NOW)
        attempted(each, NOW - DAY)
    fold()
    attempted(webhook, NOW)
    attempted(stranger, NOW - DAY, status="failed")

    fold()

    assert days(webhook) == [(TODAY - DAY, {"success": 1}), (TODAY, {"success": 2})]
    assert days(stranger) == [
        (TODAY - DAY, {"success": 1, "failed": 1}),
        (TODAY, {"success": 1}),
    ]
    assert of_a_month(webhook, now=NOW + DAY) == {"success": 3}


def test_an_hour_that_is_counted_anew_changes_its_day(webhook):
    gone = attempted(webhook, NOW - 3 * DAY)
    attempted(webhook, NOW - 3 * DAY + 2 * HOUR)
    attempted(webhook, NOW - 2 * DAY)
    fold()
    attempted(webhook, NOW - 3 * DAY + HOUR, status="failed")
    gone.delete()
    hour = gone.started_at.replace(minute=0, second=0)

    recount(webhook.pk, since=hour, until=hour + HOUR)

    # What is not folded yet still stands beside the day.
    assert days(webhook) == [
        (TODAY - 3 * DAY, {"success": 1}),
        (TODAY - 2 * DAY, {"success": 1}),
    ]
    assert of_a_month(webhook) == {"success": 2, "failed": 1}
    assert differing_days(webhook) == []


def test_hours_up_to_midnight_leave_the_next_day_alone(webhook):
    attempted(webhook, TODAY - HOUR)
    attempted(webhook, TODAY)
    fold()
    DailyRollup.objects.update(statuses={"skipped": 1})

    recount(webhook.pk, since=TODAY - HOUR, until=TODAY)

    assert days(webhook) == [(TODAY - DAY, {"success": 1}), (TODAY, {"skipped": 1})]


def test_a_day_goes_with_the_last_of_its_log(webhook):
    attempted(webhook, NOW - 3 * DAY)
    attempted(webhook, NOW - 2 * DAY)
    fold()
    Attempt.objects.filter(started_at__lt=TODAY - 2 * DAY).delete()

    recount(webhook.pk, since=TODAY - 3 * DAY, until=TODAY)

    assert days(webhook) == [(TODAY - 2 * DAY, {"success": 1})]


@pytest.mark.parametrize("now", [NOW, TODAY, TODAY - timedelta.resolution])
@pytest.mark.parametrize("step", [HOUR, 6 * HOUR, DAY])
def test_a_timeline_of_any_step_is_a_count_over_the_log(webhook, globex, now, step):
    stranger = make_webhook(globex)
    for hours in range(0, 80, 5):
        attempted(webhook, now - hours * HOUR, duration_ms=hours)
    fold()
    for hours in (0, 25, 50):
        attempted(webhook, now - hours * HOUR, duration_ms=hours)
        attempted(stranger, now - hours * HOUR)

    timeline = timeline_of(webhook, step=step, slots=3 * DAY // step, now=now)

    for slot in timeline.slots:
        log = webhook.attempts.filter(
            started_at__gte=slot.start, started_at__lt=slot.end
        )
        took = sorted(log.values_list("duration_ms", flat=True))
        assert sorted(slot.tally.durations.elements()) == took
    assert timeline.tally.total


def test_a_timeline_of_days_takes_two_queries(webhook, django_assert_num_queries):
    for at in (NOW, NOW - 3 * DAY):
        attempted(webhook, at)
        fold()
        attempted(webhook, at)

    with django_assert_num_queries(2):
        timeline = timeline_of(webhook, step=DAY, slots=30, now=NOW)

    assert timeline.tally.statuses == {"success": 4}
