"""What came to a tenant's inbox, which stands in for a server of its own."""

from __future__ import annotations

from django.db import models

from subscriptions.identifiers import encode, new_uid
from subscriptions.models import Tenant


class InboxMessage(models.Model):
    """A request as it arrived. Few are kept; deliveries.inbox says how many."""

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    received_at = models.DateTimeField()
    headers = models.JSONField(default=list, help_text="Pairs of name and value.")
    body = models.BinaryField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            # For the page, and for what makes room.
            models.Index(name="inbox_of_tenant", fields=["tenant", "-id"]),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def event(self) -> str:
        """The event type that a header names, whatever its prefix."""
        named = (v for name, v in self.headers if name.lower().endswith("-event"))
        return next(named, "")

    @property
    def text(self) -> str:
        return bytes(self.body).decode(errors="replace")

    @property
    def public_id(self) -> str:
        return encode("msg", self.uid)
