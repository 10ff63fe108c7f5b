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
        return self.filter(is_over, pk=1).update(until=until) == 1

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
