"""How a webhook has been doing, counted from its log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Avg, Count, Max, Min, Q

from deliveries.models import Attempt, Delivery, WebhookHealth

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.models.attempts import AttemptQuerySet
    from subscriptions.models import Webhook

NUMBERS = {
    "total": Count("pk"),
    "succeeded": Count("pk", filter=Q(status=Attempt.Status.SUCCESS)),
    "failed": Count("pk", filter=Q(status=Attempt.Status.FAILED)),
    "timed_out": Count("pk", filter=Q(status=Attempt.Status.TIMEOUT)),
    "skipped": Count("pk", filter=Q(status=Attempt.Status.SKIPPED)),
    "measured": Count("pk", filter=Attempt.MEASURED),
    "average": Avg("duration_ms", filter=Attempt.MEASURED),
    "longest_ms": Max("duration_ms", filter=Attempt.MEASURED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Counts of log entries by status, and how long the attempts took.

    Skipped entries are part of the total; of the success rate they are not, because
    nothing was tried. Durations are those of attempts seen to their end, percentiles
    by nearest rank. What cannot be said is None.
    """

    total: int
    succeeded: int
    failed: int
    timed_out: int
    skipped: int
    average_ms: float | None
    longest_ms: int | None
    p50_ms: int | None
    p95_ms: int | None

    @property
    def success_rate(self) -> float | None:
        tried = self.total - self.skipped
        return round(100 * self.succeeded / tried, 2) if tried else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDelivery:
    timestamp: datetime
    status: str
    event_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Tests are counted nowhere. What waits is counted whatever its age."""

    webhook: Webhook
    days: int
    since: datetime
    until: datetime
    metrics: Metrics
    last_delivery: LastDelivery | None
    consecutive_failures: int
    pending: int
    oldest_pending_at: datetime | None


def health_of(webhook: Webhook, *, days: int, now: datetime) -> Health:
    """The last *days* days, up to and with *now*. Takes six queries."""
    since = now - timedelta(days=days)
    attempts = Attempt.objects.filter(webhook=webhook).counted().order_by()
    waiting = Delivery.objects.filter(webhook=webhook, is_test=False).unfinished()
    backlog = waiting.aggregate(count=Count("pk"), oldest=Min("created_at"))
    return Health(
        webhook=webhook,
        days=days,
        since=since,
        until=now,
        metrics=_metrics(attempts.filter(started_at__range=(since, now))),
        last_delivery=_last(attempts),
        consecutive_failures=_failures_in_a_row(webhook),
        pending=backlog["count"],
        oldest_pending_at=backlog["oldest"],
    )


def _metrics(attempts: AttemptQuerySet) -> Metrics:
    numbers = attempts.aggregate(**NUMBERS)
    measured, average = numbers.pop("measured"), numbers.pop("average")
    in_order = attempts.filter(Attempt.MEASURED).order_by("duration_ms")
    return Metrics(
        **numbers,
        average_ms=None if average is None else round(float(average), 2),
        p50_ms=_percentile(in_order, percent=50, of=measured),
        p95_ms=_percentile(in_order, percent=95, of=measured),
    )


def _percentile(in_order: AttemptQuerySet, *, percent: int, of: int) -> int | None:
    """By nearest rank: the smallest duration that *percent* % do not exceed."""
    if of == 0:
        return None
    rank = -(-of * percent // 100)
    durations = in_order.values_list("duration_ms", flat=True)[rank - 1 : rank]
    return next(iter(durations), None)


def _last(attempts: AttemptQuerySet) -> LastDelivery | None:
    newest = attempts.order_by("-started_at", "-pk")
    found = newest.only("started_at", "status", "event_type").first()
    if found is None:
        return None
    return LastDelivery(
        timestamp=found.started_at, status=found.status, event_type=found.event_type
    )


def _failures_in_a_row(webhook: Webhook) -> int:
    rows = WebhookHealth.objects.filter(webhook=webhook)
    count = rows.values_list("consecutive_failures", flat=True).first()
    return count or 0
