"""How a webhook has been doing, counted from its log."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import BooleanField, Count, ExpressionWrapper, Min

from deliveries.models import Attempt, Delivery, WebhookHealth

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.models.attempts import AttemptQuerySet
    from subscriptions.models import Webhook


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
    """The last *days* days, up to and with *now*. Takes four queries."""
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
    # One pass over the index, however many numbers are drawn from it.
    marked = attempts.annotate(
        measured=ExpressionWrapper(Attempt.MEASURED, BooleanField())
    )
    rows = marked.values_list("status", "measured", "duration_ms")
    statuses, durations = Counter[str](), Counter[int]()
    for status, is_measured, duration_ms, count in rows.annotate(Count("pk")):
        statuses[status] += count
        if is_measured:
            durations[duration_ms] += count
    return Metrics(
        total=statuses.total(),
        succeeded=statuses[Attempt.Status.SUCCESS],
        failed=statuses[Attempt.Status.FAILED],
        timed_out=statuses[Attempt.Status.TIMEOUT],
        skipped=statuses[Attempt.Status.SKIPPED],
        average_ms=_average(durations),
        longest_ms=max(durations, default=None),
        p50_ms=_percentile(durations, percent=50),
        p95_ms=_percentile(durations, percent=95),
    )


def _average(durations: Counter[int]) -> float | None:
    total = sum(duration * count for duration, count in durations.items())
    return round(total / durations.total(), 2) if durations else None


def _percentile(durations: Counter[int], *, percent: int) -> int | None:
    """By nearest rank: the smallest duration that *percent* % do not exceed."""
    rank = -(-durations.total() * percent // 100)
    for duration, count in sorted(durations.items()):
        rank -= count
        if rank <= 0:
            return duration
    return None


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
