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
    # Of OAuth 2.0: the access token that was fetched last, for all our processes.
    sealed_token = models.TextField(default="", db_default="", editable=False)
    token_fetched_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="only_a_fetched_token_has_its_time",
                condition=models.Q(sealed_token="", token_fetched_at=None)
                | ~models.Q(sealed_token="") & models.Q(token_fetched_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.type} ••••"

    @property
    def sealing_context(self) -> str:
        """Binds the sealed text to this row: moved to another, it does not open."""
        return f"credentials:{self.uid}"

    @property
    def token_context(self) -> str:
        return f"{self.sealing_context}:token"
