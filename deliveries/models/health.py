"""What the engine knows of a webhook. Users edit Webhook, the engine edits this."""

from __future__ import annotations

from django.db import models

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
        default=0, help_text="Events in a row that ended without success."
    )
    last_attempt_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook health"

    def __str__(self) -> str:
        return f"{self.webhook_id}: {self.consecutive_failures}"
