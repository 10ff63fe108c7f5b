"""How webhooks did hour by hour, for charts: from roll-ups alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from deliveries.models import Attempt, Rollup, hour_of
from deliveries.policy.tallies import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from subscriptions.models import Webhook

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HourOfHealth:
    """What was attempted in the hour that began at *start*. Tests are not counted."""

    start: datetime
    tally: Tally

    @property
    def succeeded(self) -> int:
        return self.tally.statuses[Attempt.Status.SUCCESS]

    @property
    def failed(self) -> int:
        """Time-outs are among them."""
        statuses = self.tally.statuses
        return statuses[Attempt.Status.FAILED] + statuses[Attempt.Status.TIMEOUT]

    @property
    def skipped(self) -> int:
        return self.tally.statuses[Attempt.Status.SKIPPED]

    @property
    def p50_ms(self) -> int | None:
        return self.tally.percentile(50)

    @property
    def p95_ms(self) -> int | None:
        return self.tally.percentile(95)


@dataclass(frozen=True, slots=True)
class Series:
    """Each hour once, the oldest first, also those without an attempt.

    The last is the running hour: it is not over.
    """

    hours: list[HourOfHealth]

    @property
    def total(self) -> Tally:
        """Of all hours together, for the success rate and the percentiles beside."""
        total = Tally()
        for hour in self.hours:
            total.add(hour.tally)
        return total


def series_of(
    webhooks: Iterable[Webhook], *, hours: int, now: datetime
) -> dict[int, Series]:
    """The series of each webhook, by its pk. One query, however many webhooks.

    The caller has seen to it that the webhooks are of one tenant, or that all may be
    seen.
    """
    last = hour_of(now)
    starts = [last - HOUR * back for back in reversed(range(hours))]
    sums = {each.pk: {start: Tally() for start in starts} for each in webhooks}
    rows = Rollup.objects.filter(webhook__in=sums).within(starts[0], last + HOUR)
    for row in rows.order_by():
        sums[row.webhook_id][row.hour].add(row.tally)
    return {
        pk: Series([HourOfHealth(*hour) for hour in by_hour.items()])
        for pk, by_hour in sums.items()
    }
