"""What customers want our requests to show, sealed at rest."""

from __future__ import annotations

from django.db import models

from subscriptions.identifiers import new_uid
from subscriptions.models.webhooks import Webhook
from subscriptions.request_auth import AuthType


class Credentials(models.Model):
    """One webhook's. New ones are a new row: the row before it is gone.

    A webhook without a row shows nothing.
    """

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    webhook = models.OneToOneField(
        Webhook, on_delete=models.CASCADE, related_name="credentials"
    )
    type = models.CharField(
        max_length=10, choices=[(each.value, each.value) for each in AuthType]
    )
    sealed = models.TextField()

    def __str__(self) -> str:
        return f"{self.type} ••••"

    @property
    def sealing_context(self) -> str:
        """Binds the sealed text to this row: moved to another, it does not open."""
        return f"credentials:{self.uid}"
