"""The tokens that customers chose to have their requests signed with, sealed at rest."""

from __future__ import annotations

from django.db import models

from subscriptions.identifiers import new_uid
from subscriptions.models.webhooks import Webhook


class SignatureToken(models.Model):
    """One webhook's token. A new token is a new row: the one before it is gone."""

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    webhook = models.OneToOneField(
        Webhook, on_delete=models.CASCADE, related_name="token_row"
    )
    sealed = models.TextField()

    def __str__(self) -> str:
        return "••••"

    @property
    def sealing_context(self) -> str:
        """Binds the sealed text to this row: moved to another, it does not open."""
        return f"signature_token:{self.uid}"
