"""Who deletes what has expired: one at a time, over all nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from datetime import datetime


class PurgerQuerySet(models.QuerySet["Purger"]):
    def take(self, *, now: datetime, until: datetime) -> bool:
        """Become the purger until then; False while somebody else is."""
        self.get_or_create(pk=1)
        # No lease is that long: the clock was put back since.
        impossible = Q(until__gt=until + (until - now))
        is_over = Q(until=None) | Q(until__lte=now) | impossible
        return self.filter(is_over, pk=1).update(until=until) == 1

    def keep(self, *, until: datetime) -> None:
        """The purger is still at it."""
        self.filter(pk=1).update(until=until)

    def leave(self, *, purged_at: datetime | None) -> None:
        """*purged_at*: nothing that had expired by then is left."""
        changes = {"purged_at": purged_at} if purged_at else {}
        self.filter(pk=1).update(until=None, **changes)


class Purger(models.Model):
    """A single row. ``purged_at``: when a purge last came to its end."""

    until = models.DateTimeField(null=True)
    purged_at = models.DateTimeField(null=True)
    # No older event has a payload that is to go.
    payloads_deleted_to = models.DateTimeField(null=True)

    objects: ClassVar = PurgerQuerySet.as_manager()

    def __str__(self) -> str:
        return f"until {self.until}"
