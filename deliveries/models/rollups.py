"""What the log adds up to, by hour and by day: so that health need not count it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from deliveries.policy.tallies import tally_of
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.policy.tallies import Tally


class RollupQuerySet(models.QuerySet["Rollup"]):
    def within(self, since: datetime, until: datetime) -> RollupQuerySet:
        """The hours from *since* on that end with *until* at the latest."""
        return self.filter(hour__gte=since, hour__lt=until)


class DailyRollupQuerySet(models.QuerySet["DailyRollup"]):
    def within(self, since: datetime, until: datetime) -> DailyRollupQuerySet:
        """The days from *since* on that end with *until* at the latest."""
        return self.filter(day__gte=since, day__lt=until)


class Sums(models.Model):
    """Entries of a webhook's log within a span of time, but for tests, added up."""

    # Status → count, class of failure → count, step of the histogram in ms → count.
    statuses = models.JSONField(default=dict)
    failures = models.JSONField(default=dict)
    durations = models.JSONField(default=dict)
    total_ms = models.BigIntegerField(default=0)
    longest_ms = models.PositiveIntegerField(null=True)

    class Meta:
        abstract = True

    @property
    def tally(self) -> Tally:
        return tally_of(
            statuses=self.statuses,
            failures=self.failures,
            durations=self.durations,
            total_ms=self.total_ms,
            longest_ms=self.longest_ms,
        )


class Rollup(Sums):
    """An hour.

    It may have several rows: each is a part of it, and their sum is the hour. A record
    only ever inserts such a part; the sweep folds them into one. So the numbers are
    those of the log at any moment, and nobody waits for a counter.
    """

    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="rollups", db_index=False
    )
    hour = models.DateTimeField()
    is_part = models.BooleanField(default=False)

    objects: ClassVar = RollupQuerySet.as_manager()

    class Meta:
        ordering = ["webhook", "hour", "id"]
        indexes = [
            # For health: the hours of a webhook.
            models.Index(name="rollup_of_webhook", fields=["webhook", "hour"]),
            # For the sweep, which folds parts, and for health, which adds them to days.
            models.Index(
                name="rollup_parts", fields=["webhook"], condition=Q(is_part=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.webhook_id} {self.hour:%Y-%m-%dT%H}"


class DailyRollup(Sums):
    """The hours of a day that are folded, also while it lasts: parts stand beside it.

    A table of its own, for whoever reads hours would else count them twice.
    """

    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="daily_rollups", db_index=False
    )
    day = models.DateTimeField()

    objects: ClassVar = DailyRollupQuerySet.as_manager()

    class Meta:
        ordering = ["webhook", "day"]
        constraints = [
            # Its index is that of health: the days of a webhook.
            models.UniqueConstraint(
                name="one_daily_rollup_per_day", fields=["webhook", "day"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.webhook_id} {self.day:%Y-%m-%d}"


def hour_of(moment: datetime) -> datetime:
    """When the hour began; times are UTC throughout."""
    return moment.replace(minute=0, second=0, microsecond=0)


def day_of(moment: datetime) -> datetime:
    """When the day began."""
    return hour_of(moment).replace(hour=0)
