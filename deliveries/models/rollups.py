"""What the log adds up to, by the hour: so that health need not count it again."""

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


class Rollup(models.Model):
    """Entries of a webhook's log within an hour, but for tests, added up.

    An hour may have several rows: each is a part of it, and their sum is the hour. A
    record only ever inserts such a part; the sweep folds them into one. So the numbers
    are those of the log at any moment, and nobody waits for a counter.
    """

    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="rollups", db_index=False
    )
    hour = models.DateTimeField()
    is_part = models.BooleanField(default=False)
    # Status → count, class of failure → count, step of the histogram in ms → count.
    statuses = models.JSONField(default=dict)
    failures = models.JSONField(default=dict)
    durations = models.JSONField(default=dict)
    total_ms = models.BigIntegerField(default=0)
    longest_ms = models.PositiveIntegerField(null=True)

    objects: ClassVar = RollupQuerySet.as_manager()

    class Meta:
        ordering = ["webhook", "hour", "id"]
        indexes = [
            # For health: the hours of a webhook.
            models.Index(name="rollup_of_webhook", fields=["webhook", "hour"]),
            # For the sweep, which folds parts.
            models.Index(
                name="rollup_parts", fields=["webhook"], condition=Q(is_part=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.webhook_id} {self.hour:%Y-%m-%dT%H}"

    @property
    def tally(self) -> Tally:
        return tally_of(
            statuses=self.statuses,
            failures=self.failures,
            durations=self.durations,
            total_ms=self.total_ms,
            longest_ms=self.longest_ms,
        )


def hour_of(moment: datetime) -> datetime:
    """When the hour began; times are UTC throughout."""
    return moment.replace(minute=0, second=0, microsecond=0)
