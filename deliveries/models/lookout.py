"""Which worker stays awake while nothing is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class LookoutQuerySet(models.QuerySet["Lookout"]):
    def take(self, *, now: datetime, until: datetime) -> bool:
        """Become the lookout until then; False while somebody else is."""
        self.get_or_create(pk=1)
        return self._vacant(now=now, watch=until - now).update(until=until) == 1

    def is_vacant(self, *, now: datetime, watch: timedelta) -> bool:
        """Whether whoever comes can become the lookout, for as long as *watch*."""
        return self._vacant(now=now, watch=watch).exists()

    def _vacant(self, *, now: datetime, watch: timedelta) -> LookoutQuerySet:
        # No watch is that long: the clock was put back since.
        impossible = Q(until__gt=now + 2 * watch)
        return self.filter(Q(until=None) | Q(until__lte=now) | impossible, pk=1)

    def keep(self, *, until: datetime) -> None:
        """The lookout is still awake."""
        self.filter(pk=1).update(until=until)

    def leave(self) -> None:
        """Nobody is the lookout: whoever rings next finds the place free."""
        self.filter(pk=1).update(until=None)


class Lookout(models.Model):
    """A single row: whoever is the lookout, on whichever node."""

    until = models.DateTimeField(null=True)

    objects: ClassVar = LookoutQuerySet.as_manager()

    def __str__(self) -> str:
        return f"until {self.until}"
