"""A webhook that is about to be active again begins anew."""

from __future__ import annotations

from deliveries.models import Delivery, WebhookHealth


def forget_failures(webhook_id: int) -> None:
    """Forget what was counted against it, in the caller's transaction.

    Asked for before the webhook's own row is locked: its health comes first, as
    recording has it, so that nobody waits in a circle.
    """
    health = WebhookHealth.objects.filter(webhook=webhook_id)
    list(health.select_for_update(no_key=True))
    health.update(consecutive_failures=0, failed_at=[])
    unacknowledged = Delivery.objects.filter(
        webhook=webhook_id, unacknowledged_since__isnull=False
    )
    unacknowledged.update(unacknowledged_since=None)
