"""Which worker stays awake while nothing is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from datetime import datetime


class LookoutQuerySet(models.QuerySet["Lookout"]):
    def take(self, *, now: datetime, until: datetime) -> bool:
        """Become the lookout until then; False while somebody else is."""
        self.get_or_create(pk=1)
        # No watch is that long: the clock was put back since.
        impossible = Q(until__gt=until + (until - now))
        is_over = Q(until=None) | Q(until__lte=now) | impossible
        free = self.filter(is_over, pk=1)
        return free.update(until=until, seen_at=now) == 1

    def keep(self, *, now: datetime, until: datetime) -> None:
        """The lookout is still awake."""
        self.filter(pk=1).update(until=until, seen_at=now)

    def report(self, *, now: datetime) -> None:
        """A worker is alive and at work: what /readyz asks for."""
        self.filter(pk=1).update(seen_at=now)

    def leave(self) -> None:
        """Nobody is the lookout: whoever rings next finds the place free."""
        self.filter(pk=1).update(until=None)


class Lookout(models.Model):
    """A single row. The lookout keeps retries on time; it is also our heartbeat."""

    until = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    objects: ClassVar = LookoutQuerySet.as_manager()

    def __str__(self) -> str:
        return f"until {self.until}"
