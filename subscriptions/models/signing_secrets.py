"""The keys that sign a webhook's messages, sealed at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from subscriptions.identifiers import new_uid
from subscriptions.models.webhooks import Webhook

if TYPE_CHECKING:
    from datetime import datetime


class SigningSecretQuerySet(models.QuerySet["SigningSecret"]):
    def current(self) -> SigningSecretQuerySet:
        return self.filter(expires_at=None)

    def live(self, now: datetime) -> SigningSecretQuerySet:
        """Those that sign at *now*: the current one, and the previous in its grace."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now))

    def in_grace(self, now: datetime) -> SigningSecretQuerySet:
        """The previous ones that still sign."""
        return self.filter(expires_at__gt=now)


class SigningSecret(models.Model):
    """One ``whsec_`` secret. Without ``expires_at`` it is the webhook's current one."""

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="signing_secrets"
    )
    sealed = models.TextField()
    hint = models.CharField(max_length=4, help_text="The last four characters.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = SigningSecretQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="one_current_secret_per_webhook",
                fields=["webhook"],
                condition=Q(expires_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"whsec_••••{self.hint}"

    @property
    def is_current(self) -> bool:
        return self.expires_at is None

    @property
    def sealing_context(self) -> str:
        """Binds the sealed text to this row: moved to another, it does not open."""
        return f"signing_secret:{self.uid}"
