"""What happened: the events that were published, their bytes stored once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from subscriptions.models import Subsidiary, Tenant, Webhook


class EventQuerySet(models.QuerySet["Event"]):
    def of(self, tenant: Tenant) -> EventQuerySet:
        return self.filter(tenant=tenant)


class Event(models.Model):
    """A fact of one subsidiary. The body is what is signed and sent, byte for byte."""

    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    subsidiary = models.ForeignKey(
        Subsidiary, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    public_id = models.CharField(max_length=128)
    type = models.CharField(max_length=100)
    entity_type = models.CharField(max_length=100, blank=True, default="")
    entity_id = models.CharField(max_length=200, blank=True, default="")
    occurred_at = models.DateTimeField()
    body = models.BinaryField()
    # The form for webhooks that opted in to previous attributes; null: the same bytes.
    body_with_previous = models.BinaryField(null=True)
    is_test = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    # Where payloads are kept for a shorter time than the log, the bodies are empty then.
    payload_deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Publishing again under the same id answers with the first event.
            models.UniqueConstraint(
                name="event_id_per_tenant", fields=["tenant", "public_id"]
            )
        ]
        indexes = [
            # For logs, which can be narrowed to an entity.
            models.Index(name="event_of_entity", fields=["tenant", "entity_id"])
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def payload_note(self) -> str | None:
        """In place of a payload that is not kept any more, what became of it."""
        if self.payload_deleted_at is None:
            return None
        days = (self.payload_deleted_at - self.created_at).days
        return f"Kept for {days} days, deleted on {self.payload_deleted_at:%Y-%m-%d}."

    def body_for(self, webhook: Webhook) -> bytes:
        """The bytes that *webhook* gets: its own choice decides between two forms."""
        if webhook.include_previous_attributes and self.body_with_previous is not None:
            return bytes(self.body_with_previous)
        return bytes(self.body)
