"""How a webhook has been doing: what its log adds up to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Min

from deliveries.logs.windows import tally_of
from deliveries.models import Attempt, Delivery, WebhookHealth

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.models.attempts import AttemptQuerySet
    from deliveries.policy.tallies import Tally
    from subscriptions.models import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Counts of log entries by status, and how long the attempts took.

    Skipped entries are part of the total; of the success rate they are not, because
    nothing was tried. Durations are those of attempts seen to their end, percentiles
    by nearest rank, within 1 % where there are many. What cannot be said is None.
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
    success_rate: float | None


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
    """The last *days* days, up to and with *now*. Takes five queries."""
    since = now - timedelta(days=days)
    attempts = Attempt.objects.filter(webhook=webhook).counted().order_by()
    waiting = Delivery.objects.filter(webhook=webhook, is_test=False).unfinished()
    backlog = waiting.aggregate(count=Count("pk"), oldest=Min("created_at"))
    return Health(
        webhook=webhook,
        days=days,
        since=since,
        until=now,
        metrics=_metrics(tally_of(webhook, since=since, until=now)),
        last_delivery=_last(attempts),
        consecutive_failures=_failures_in_a_row(webhook),
        pending=backlog["count"],
        oldest_pending_at=backlog["oldest"],
    )


def _metrics(tally: Tally) -> Metrics:
    return Metrics(
        total=tally.total,
        succeeded=tally.statuses[Attempt.Status.SUCCESS],
        failed=tally.statuses[Attempt.Status.FAILED],
        timed_out=tally.statuses[Attempt.Status.TIMEOUT],
        skipped=tally.statuses[Attempt.Status.SKIPPED],
        success_rate=tally.success_rate,
        average_ms=tally.average_ms,
        longest_ms=tally.longest_ms,
        p50_ms=tally.percentile(50),
        p95_ms=tally.percentile(95),
    )


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
