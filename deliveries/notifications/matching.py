"""Which attempts, events and deliveries a rule is about, as queries."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef, Q

from deliveries.filtering import matches
from deliveries.models import Attempt, Delivery, Event
from deliveries.policy.notification_rules import MINUTE, Kind, Metric
from subscriptions.filters import read
from subscriptions.models import Webhook
from subscriptions.profiles import all_profiles

if TYPE_CHECKING:
    from deliveries.models import NotificationRule
    from deliveries.models.attempts import AttemptQuerySet
    from deliveries.models.deliveries import DeliveryQuerySet
    from deliveries.models.events import EventQuerySet
    from deliveries.policy.notification_rules import Window
    from subscriptions.filters import Filter

ENDED = (Delivery.State.SUCCEEDED, Delivery.State.FAILED, Delivery.State.SKIPPED)


def matching_deliveries(
    rule: NotificationRule, window: Window, *, webhook_id: int | None = None
) -> DeliveryQuerySet:
    """What a hit in this window was about, of the rule's tenant alone."""
    if rule.kind == Kind.OLDEST_WAITING:
        return _unfinished_then(deliveries_of(rule), window)
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
        keys = [pk for pk, body in found if says(body, wanted)]
    rows: DeliveryQuerySet = Delivery.objects.of(rule.tenant).filter(event__in=keys)
    return rows


def _of_attempts(rows: AttemptQuerySet, rule: NotificationRule) -> DeliveryQuerySet:
    mine: DeliveryQuerySet = Delivery.objects.of(rule.tenant)
    if rule.payload:
        wanted = read(rule.payload)
        found = rows.values_list("delivery", "delivery__event__body")
        return mine.filter(pk__in=[pk for pk, body in found if says(body, wanted)])
    return mine.filter(Exists(rows.filter(delivery=OuterRef("pk"))))


def late_deliveries(rule: NotificationRule, window: Window) -> DeliveryQuerySet:
    """Made in the window, and so long ago that they should have arrived."""
    should_be_there = window.until - rule.threshold * MINUTE
    rows = deliveries_of(rule).filter(
        created_at__gt=window.since, created_at__lte=should_be_there
    )
    return rows.filter(event__type__in=rule.event_types) if rule.event_types else rows


def deliveries_of(rule: NotificationRule) -> DeliveryQuerySet:
    rows: DeliveryQuerySet = Delivery.objects.filter(
        webhook__in=webhooks_of(rule), is_test=False, is_replay=False
    )
    return rows.exclude(event__type__in=operational_types()).order_by()


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
    rows = all_events_of(rule, window)
    return rows.filter(type__in=rule.event_types) if rule.event_types else rows


def all_events_of(rule: NotificationRule, window: Window) -> EventQuerySet:
    rows: EventQuerySet = Event.objects.of(rule.tenant).filter(
        created_at__gt=window.since, created_at__lte=window.until, is_test=False
    )
    if rule.subsidiary_id is not None:
        rows = rows.filter(subsidiary=rule.subsidiary_id)
    return rows.exclude(type__in=operational_types()).order_by()


@cache
def operational_types() -> frozenset[str]:
    """What we publish about ourselves: no rule counts it, or it could set itself off."""
    return frozenset(
        event_type.name
        for profile in all_profiles()
        for event_type in profile.event_types
        if event_type.is_operational
    )


def webhooks_of(rule: NotificationRule) -> list[int]:
    """As keys: the log's index begins with one."""
    mine = Webhook.objects.of(rule.tenant)
    if rule.webhook_id is not None:
        mine = mine.filter(pk=rule.webhook_id)
    if rule.subsidiary_id is not None:
        mine = mine.filter(subsidiary=rule.subsidiary_id)
    return list(mine.order_by("pk").values_list("pk", flat=True))


def says(body: bytes | memoryview, wanted: Filter) -> bool:
    # Payloads may go before the log does; those say nothing.
    return bool(body) and matches(body, wanted)
