"""What a rule looks at, as queries within its window."""

from __future__ import annotations

from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Exists, F, Min, OuterRef, Q

from deliveries.filtering import matches
from deliveries.models import Attempt, Delivery, Event
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
from subscriptions.models import Webhook
from subscriptions.profiles import all_profiles

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.models import NotificationRule
    from deliveries.models.attempts import AttemptQuerySet
    from deliveries.models.deliveries import DeliveryQuerySet
    from deliveries.models.events import EventQuerySet
    from subscriptions.filters import Filter

ENDED = (Delivery.State.SUCCEEDED, Delivery.State.FAILED, Delivery.State.SKIPPED)
NOT_DELIVERED = (*Delivery.UNFINISHED, Delivery.State.FAILED, Delivery.State.SKIPPED)


class Reading(NamedTuple):
    """*value*: None where too little happened to say anything."""

    value: float | None
    threshold: float
    window: Window
    hits: bool


@cache
def operational_types() -> frozenset[str]:
    """What we publish about ourselves: no rule counts it, or it could set itself off."""
    return frozenset(
        event_type.name
        for profile in all_profiles()
        for event_type in profile.event_types
        if event_type.is_operational
    )


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
        whole = _all_events(rule, window).count()
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
    waiting = _deliveries(rule).unfinished()
    oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"]
    return None if oldest is None else (window.until - oldest) / MINUTE


def _gap(rule: NotificationRule, window: Window) -> float:
    return late_deliveries(rule, window).filter(state__in=NOT_DELIVERED).count()


def late_deliveries(rule: NotificationRule, window: Window) -> DeliveryQuerySet:
    """Made in the window, and so long ago that they should have arrived."""
    should_be_there = window.until - rule.threshold * MINUTE
    rows = _deliveries(rule).filter(
        created_at__gt=window.since, created_at__lte=should_be_there
    )
    return rows.filter(event__type__in=rule.event_types) if rule.event_types else rows


def _deliveries(rule: NotificationRule) -> DeliveryQuerySet:
    rows: DeliveryQuerySet = Delivery.objects.filter(
        webhook__in=webhooks_of(rule), is_test=False, is_replay=False
    )
    return rows.exclude(event__type__in=operational_types()).order_by()


def webhooks_of(rule: NotificationRule) -> list[int]:
    """As keys: the log's index begins with one."""
    mine = Webhook.objects.of(rule.tenant)
    if rule.webhook_id is not None:
        mine = mine.filter(pk=rule.webhook_id)
    if rule.subsidiary_id is not None:
        mine = mine.filter(subsidiary=rule.subsidiary_id)
    return list(mine.order_by("pk").values_list("pk", flat=True))


def ended_attempts(rule: NotificationRule, window: Window) -> AttemptQuerySet:
    """The last attempt of each delivery that ended: so each is counted once."""
    rows: AttemptQuerySet = Attempt.objects.filter(
        webhook__in=webhooks_of(rule),
        started_at__gt=window.since,
        started_at__lte=window.until,
        delivery__state__in=ENDED,
        delivery__claim_number=F("sequence"),
    )
    rows = rows.counted().exclude(event_type__in=operational_types()).order_by()
    return rows.filter(event_type__in=rule.event_types) if rule.event_types else rows


def matching_attempts(rule: NotificationRule, window: Window) -> AttemptQuerySet:
    """Of these, those that ended as the rule names it."""
    wanted = Q()
    if rule.statuses:
        wanted &= Q(status__in=rule.statuses)
    if rule.error_kinds:
        wanted &= Q(error_kind__in=rule.error_kinds)
    return ended_attempts(rule, window).filter(wanted)


def events_of(rule: NotificationRule, window: Window) -> EventQuerySet:
    rows = _all_events(rule, window)
    return rows.filter(type__in=rule.event_types) if rule.event_types else rows


def _all_events(rule: NotificationRule, window: Window) -> EventQuerySet:
    rows: EventQuerySet = Event.objects.of(rule.tenant).filter(
        created_at__gt=window.since, created_at__lte=window.until, is_test=False
    )
    if rule.subsidiary_id is not None:
        rows = rows.filter(subsidiary=rule.subsidiary_id)
    return rows.exclude(type__in=operational_types()).order_by()


def _how_many(
    rows: Any, rule: NotificationRule, *, body: str = "delivery__event__body"
) -> int:
    if not rule.payload:
        return int(rows.count())
    wanted = read(rule.payload)
    bodies = rows.values_list(body, flat=True).iterator(chunk_size=500)
    # Should one make no sense, the cursor must not outlive the transaction.
    with closing(bodies):
        return sum(_says(content, wanted) for content in bodies)


def _says(body: bytes | memoryview, wanted: Filter) -> bool:
    # Payloads may go before the log does; those say nothing.
    return bool(body) and matches(body, wanted)


def matching_deliveries(
    rule: NotificationRule, window: Window, *, webhook_id: int | None = None
) -> DeliveryQuerySet:
    """What a hit in this window was about, of the rule's tenant alone."""
    if rule.kind == Kind.OLDEST_WAITING:
        return _unfinished_then(_deliveries(rule), window)
    if rule.kind == Kind.DELIVERY_GAP:
        return _unfinished_then(late_deliveries(rule, window), window)
    if rule.metric == Metric.EVENTS:
        return _of_events(rule, window)
    rows = matching_attempts(rule, window)
    if rule.kind in (*Kind.watching(), Kind.NO_SUCCESS):
        rows = rows.exclude(status=Attempt.Status.SUCCESS)
    if webhook_id is not None:
        rows = rows.filter(webhook=webhook_id)
    return _of_attempts(rows, rule)


def _unfinished_then(rows: DeliveryQuerySet, window: Window) -> DeliveryQuerySet:
    """As it was at the end of the window, whatever became of them."""
    not_yet = Q(ended_at=None) | Q(ended_at__gt=window.until)
    lost = Q(state__in=(Delivery.State.FAILED, Delivery.State.SKIPPED))
    return rows.filter(not_yet | lost, created_at__lte=window.until)


def _of_events(rule: NotificationRule, window: Window) -> DeliveryQuerySet:
    events = events_of(rule, window)
    keys: Any = events.values("pk")
    if rule.payload:
        wanted = read(rule.payload)
        found = events.values_list("pk", "body").iterator(chunk_size=500)
        keys = [pk for pk, body in found if _says(body, wanted)]
    rows: DeliveryQuerySet = Delivery.objects.of(rule.tenant).filter(event__in=keys)
    return rows


def _of_attempts(rows: AttemptQuerySet, rule: NotificationRule) -> DeliveryQuerySet:
    mine: DeliveryQuerySet = Delivery.objects.of(rule.tenant)
    if rule.payload:
        wanted = read(rule.payload)
        found = rows.values_list("delivery", "delivery__event__body")
        return mine.filter(pk__in=[pk for pk, body in found if _says(body, wanted)])
    return mine.filter(Exists(rows.filter(delivery=OuterRef("pk"))))


_MEASURES = {
    Kind.COUNT: _count,
    Kind.PERCENT: _percent,
    Kind.PERCENT_CHANGE: _percent_change,
    Kind.NO_SUCCESS: _no_success,
    Kind.OLDEST_WAITING: _oldest_waiting,
    Kind.DELIVERY_GAP: _gap,
}
