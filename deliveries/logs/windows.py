"""A window of a webhook's log, added up: whole hours from roll-ups, the rest counted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import BooleanField, Count, ExpressionWrapper, Q

from deliveries.logs.sums import by_day
from deliveries.models import Attempt, hour_of
from deliveries.policy.tallies import Tally, total_of

if TYPE_CHECKING:
    from datetime import datetime

    from subscriptions.models import Webhook

HOUR = timedelta(hours=1)
# Of so few the log itself is counted, in a millisecond, so that no duration is rounded.
FEW = 1000


def tally_of(
    webhook: Webhook, *, since: datetime, until: datetime, few: int = FEW
) -> Tally:
    """What the log holds from *since* to *until*, both inclusive. Takes two queries.

    Equal to a count over the log, but that percentiles of more than *few* entries are
    within 1 %.
    """
    first, last = _whole_hours(since, until)
    tally = total_of(sums for _, sums in by_day(webhook, since=first, until=last))
    window = Q(started_at__range=(since, until))
    if tally.total <= few:
        tally = Tally()
    else:
        window &= ~Q(started_at__gte=first, started_at__lt=last)
    _count(tally, webhook, window)
    return tally


def _whole_hours(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """The first hour that lies within, and the end of the last one."""
    first = hour_of(since)
    return (first if first == since else first + HOUR), hour_of(until)


def _count(tally: Tally, webhook: Webhook, window: Q) -> None:
    """Add what the log has there. Within the index: no entry of the log is fetched."""
    attempts = Attempt.objects.filter(window, webhook=webhook).counted().order_by()
    marked = attempts.annotate(
        measured=ExpressionWrapper(Attempt.MEASURED, BooleanField())
    )
    rows = marked.values_list("status", "measured", "duration_ms")
    for status, is_measured, duration_ms, times in rows.annotate(Count("pk")):
        tally.count(status, times=times)
        if is_measured:
            tally.measure(duration_ms, times=times, step=duration_ms)
