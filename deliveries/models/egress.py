"""Whether our own way out works, as all nodes know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from deliveries.policy.egress import PAUSE

if TYPE_CHECKING:
    from datetime import datetime


class EgressQuerySet(models.QuerySet["Egress"]):
    def current(self) -> Egress:
        found: Egress | None = self.filter(pk=1).first()
        return found or Egress(pk=1)

    def go_down(self, *, now: datetime) -> bool:
        """Pause all claims; True for the one who finds out."""
        self.get_or_create(pk=1)
        is_up = self.filter(pk=1, down_since=None)
        return is_up.update(down_since=now, paused_until=now + PAUSE) == 1

    def take_probe(self, *, now: datetime) -> bool:
        """The pause is over: one worker may try a few, for the others it begins anew."""
        # No pause is that long: the clock was put back since.
        is_over = Q(paused_until__lte=now) | Q(paused_until__gt=now + PAUSE)
        down = self.filter(is_over, pk=1, down_since__isnull=False)
        return down.update(paused_until=now + PAUSE) == 1

    def come_up(self, *, now: datetime) -> bool:
        """Somebody was reached; True for the one who finds out."""
        down = self.filter(pk=1, down_since__isnull=False)
        return down.update(down_since=None, paused_until=None, up_since=now) == 1


class Egress(models.Model):
    """A single row, and none before the first outage."""

    down_since = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    up_since = models.DateTimeField(null=True)

    objects: ClassVar = EgressQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "egress"
        constraints = [
            models.CheckConstraint(
                name="only_a_broken_egress_is_paused",
                condition=Q(down_since=None, paused_until=None)
                | Q(down_since__isnull=False, paused_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"down since {self.down_since}" if self.down_since else "up"
