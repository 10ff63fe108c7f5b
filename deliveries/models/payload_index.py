"""What the log can be searched for: payloads as text, and how far they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F
from django.db.models.functions import Coalesce

from deliveries.models.events import Event
from subscriptions.models import Tenant

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable


class EventText(models.Model):
    """What an event says, for the index of trigrams that a migration builds on it.

    Written after the event, by the sweep, so that nobody who publishes waits for the
    index. No constraint ties it to the event: who deletes events need not know of it.
    """

    # The form with previous attributes says all that the other says.
    SOURCE: ClassVar[Combinable] = Coalesce(F("body_with_previous"), F("body"))

    event = models.OneToOneField(
        Event,
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="+",
    )
    tenant = models.ForeignKey(
        Tenant, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    text = models.TextField()

    def __str__(self) -> str:
        return str(self.event_id)


class PayloadIndex(models.Model):
    """A single row: the events up to which pk are there as text, and what comes next.

    ``safe_to``: no transaction that began earlier can still bring an event up to
    there. ``candidate`` becomes safe once all transactions before ``horizon`` ended.
    """

    reaches_to = models.BigIntegerField(default=0)
    safe_to = models.BigIntegerField(default=0)
    candidate = models.BigIntegerField(default=0)
    horizon = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"up to {self.reaches_to}"

    @classmethod
    def reaches(cls) -> int:
        """The event up to which all are indexed."""
        found = cls.objects.values_list("reaches_to", flat=True).filter(pk=1).first()
        return found or 0
