"""What the engine knows of a webhook. Users edit Webhook, the engine edits this."""

from __future__ import annotations

from django.db import models
from django.db.models import Value

from subscriptions.models import Webhook


class WebhookHealth(models.Model):
    """One row for each webhook that was ever sent to.

    Its row lock is the webhook's turnstile: who claims or records for the webhook
    holds it, so that the in-flight limit and the order per entity are exact.
    """

    webhook = models.OneToOneField(
        Webhook, on_delete=models.CASCADE, primary_key=True, related_name="health"
    )
    consecutive_failures = models.PositiveIntegerField(
        default=0,
        help_text="In a row, as the profile's rule counts them: events, or attempts.",
    )
    # When each of them ended, in milliseconds since 1970, where the rule asks for it.
    failed_at = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True
    )
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    # Tests aside.
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook health"

    def __str__(self) -> str:
        return f"{self.webhook_id}: {self.consecutive_failures}"
