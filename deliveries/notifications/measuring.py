"""What a rule looks at, as one number of its window."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Min

from deliveries.models import Attempt, Delivery, Event
from deliveries.notifications.matching import (
    all_events_of,
    deliveries_of,
    ended_attempts,
    events_of,
    late_deliveries,
    matching_attempts,
    says,
)
from deliveries.policy.notification_rules import (
    MINUTE,
    Baseline,
    Kind,
    Metric,
    Window,
    is_hit,
    percent,
    percent_change,
    usual_of,
    window_until,
)
from subscriptions.filters import read

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.models import NotificationRule

NOT_DELIVERED = (*Delivery.UNFINISHED, Delivery.State.FAILED, Delivery.State.SKIPPED)


class Reading(NamedTuple):
    """*value*: None where too little happened to say anything."""

    value: float | None
    threshold: float
    window: Window
    hits: bool


def reading_of(rule: NotificationRule, *, now: datetime) -> Reading:
    """Of a measured rule, for the window that ends now."""
    window = window_until(now, length=rule.window)
    value = _MEASURES[Kind(rule.kind)](rule, window)
    # Of a gap the threshold says how late is too late: one such delivery is enough.
    threshold = 1 if rule.kind == Kind.DELIVERY_GAP else rule.threshold
    if rule.kind == Kind.NO_SUCCESS:
        threshold = max(rule.minimum_volume, 1)
    hits = is_hit(value, comparison=rule.comparison, threshold=threshold)
    return Reading(value, threshold, window, hits)


def _count(rule: NotificationRule, window: Window) -> float:
    return count_within(rule, window)


def count_within(rule: NotificationRule, window: Window) -> int:
    if rule.metric == Metric.EVENTS:
        return _how_many(events_of(rule, window), rule, body="body")
    return _how_many(matching_attempts(rule, window), rule)


def _percent(rule: NotificationRule, window: Window) -> float | None:
    part = count_within(rule, window)
    if rule.metric == Metric.EVENTS:
        whole = all_events_of(rule, window).count()
    else:
        whole = _how_many(ended_attempts(rule, window), rule)
    return percent(part, whole, minimum_volume=rule.minimum_volume)


def _percent_change(rule: NotificationRule, window: Window) -> float | None:
    usual = _usual(rule, window)
    if usual is None:
        return None
    current = count_within(rule, window)
    return percent_change(current, usual, minimum_volume=rule.minimum_volume)


def _usual(rule: NotificationRule, window: Window) -> float | None:
    first = _begin(rule)
    if rule.baseline == Baseline.PREVIOUS:
        before = window.before()
        return count_within(rule, before) if _is_known(before, first) else None
    days = window.on_the_days_before()
    return usual_of(
        [count_within(rule, day) if _is_known(day, first) else None for day in days]
    )


def _begin(rule: NotificationRule) -> datetime | None:
    """Since when there is anything: of the days before nobody can say what was usual."""
    events = Event.objects.of(rule.tenant).filter(is_test=False).order_by("created_at")
    return events.values_list("created_at", flat=True).first()


def _is_known(window: Window, first: datetime | None) -> bool:
    return first is not None and first <= window.since


def _no_success(rule: NotificationRule, window: Window) -> float | None:
    """How many ended without success; None as soon as one succeeded."""
    ended = ended_attempts(rule, window)
    if ended.filter(status=Attempt.Status.SUCCESS).exists():
        return None
    return ended.exclude(status=Attempt.Status.SKIPPED).count()


def _oldest_waiting(rule: NotificationRule, window: Window) -> float | None:
    """In minutes."""
    waiting = deliveries_of(rule).unfinished()
    oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"]
    return None if oldest is None else (window.until - oldest) / MINUTE


def _gap(rule: NotificationRule, window: Window) -> float:
    return late_deliveries(rule, window).filter(state__in=NOT_DELIVERED).count()


def _how_many(
    rows: Any, rule: NotificationRule, *, body: str = "delivery__event__body"
) -> int:
    if not rule.payload:
        return int(rows.count())
    wanted = read(rule.payload)
    bodies = rows.values_list(body, flat=True).iterator(chunk_size=500)
    # Should one make no sense, the cursor must not outlive the transaction.
    with closing(bodies):
        return sum(says(content, wanted) for content in bodies)


_MEASURES = {
    Kind.COUNT: _count,
    Kind.PERCENT: _percent,
    Kind.PERCENT_CHANGE: _percent_change,
    Kind.NO_SUCCESS: _no_success,
    Kind.OLDEST_WAITING: _oldest_waiting,
    Kind.DELIVERY_GAP: _gap,
}
