"""What happened: the events that were published, their bytes stored once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Func, Q
from django.utils import timezone

from subscriptions.models import Subsidiary, Tenant, Webhook

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler


class TransactionNumber(Func):
    """The number of the transaction that writes, as PostgreSQL gives them out: rising.

    SQLite lets in one writer at a time, so that ids alone stand in the order of commits.
    """

    template = "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
    arity = 0
    output_field = models.BigIntegerField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        return "0", ()


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
    # Where the body was too large and is sent without its snapshot: what it would be.
    full_body = models.BinaryField(null=True)
    is_test = models.BooleanField(default=False)
    # Of the request that published it; each attempt goes on in that trace.
    traceparent = models.CharField(
        max_length=55, blank=True, default="", db_default="", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    # Where payloads are kept for a shorter time than the log, the bodies are empty then.
    payload_deleted_at = models.DateTimeField(null=True, blank=True)
    transaction_number = models.BigIntegerField(
        db_default=TransactionNumber(), editable=False
    )

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
            # For polling: a tenant's events in an order that commits do not disturb.
            models.Index(
                name="event_in_commit_order",
                fields=["tenant", "transaction_number", "id"],
                condition=Q(is_test=False),
            ),
            # For logs, which can be narrowed to an entity; for polling, which too.
            models.Index(
                name="event_of_entity_in_order",
                fields=["tenant", "entity_id", "transaction_number", "id"],
            ),
            # For polling since a time; for recovery, which looks for missed events.
            models.Index(name="event_by_time", fields=["tenant", "created_at"]),
            # For lists of deliveries, which can be narrowed to a type.
            models.Index(name="event_of_type", fields=["tenant", "type", "id"]),
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

    @property
    def whole(self) -> bytes:
        """The form without previous attributes, also if it was too large to be sent."""
        return bytes(self.body if self.full_body is None else self.full_body)

    def body_for(self, webhook: Webhook) -> bytes:
        """The bytes that *webhook* gets: its own choice decides between two forms."""
        if webhook.include_previous_attributes and self.body_with_previous is not None:
            return bytes(self.body_with_previous)
        return bytes(self.body)
