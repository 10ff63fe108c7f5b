"""The sign of life of each group of workers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from django.db import models

if TYPE_CHECKING:
    from datetime import datetime

# A group that was silent for so long is history.
KEPT = timedelta(days=1)


class SignOfLifeQuerySet(models.QuerySet["SignOfLife"]):
    def give(self, group: str, *, node: str, now: datetime) -> None:
        """A worker of that group is alive and gets its tasks."""
        if not self.filter(group=group).update(seen_at=now):
            # Two workers of a new group may come here at once: one row is enough.
            sign = SignOfLife(group=group, node=node, seen_at=now)
            self.bulk_create([sign], ignore_conflicts=True)

    def last_seen(self) -> datetime | None:
        """When a worker was last seen, of those asked for."""
        seen: datetime | None = self.aggregate(at=models.Max("seen_at"))["at"]
        return seen

    def forget_old(self, *, now: datetime) -> None:
        self.filter(seen_at__lt=now - KEPT).delete()


class SignOfLife(models.Model):
    """When a worker of a group was last seen. A group is a qcluster on a node."""

    group = models.CharField(max_length=300, primary_key=True)
    node = models.CharField(max_length=255)
    seen_at = models.DateTimeField()

    objects: ClassVar = SignOfLifeQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "signs of life"

    def __str__(self) -> str:
        return f"{self.group}: {self.seen_at}"
