"""Disable and delete: nothing is sent any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from subscriptions.audit import Action, changes_between
from subscriptions.conf import wake_workers
from subscriptions.models import Webhook
from subscriptions.operational import announce_disabled
from subscriptions.origins import SYSTEM
from subscriptions.revisions import locked
from subscriptions.webhooks.recording import record

if TYPE_CHECKING:
    from datetime import datetime

    from subscriptions.origins import Origin


@transaction.atomic
def disable_webhook(
    webhook_id: int,
    *,
    reason: str,
    now: datetime,
    origin: Origin = SYSTEM,
    note: str = "",
) -> bool:
    """Stop deliveries. True for exactly one caller; False if it was disabled before.

    What waits is skipped by the engine, which asks for the status when it claims. A
    *note* says in the person's own words why; the audit log keeps it.
    """
    present = Webhook.objects.present().filter(pk=webhook_id)
    before = present.select_for_update(no_key=True).first()
    if before is None:
        return False
    disabled = present.exclude(status=Webhook.Status.DISABLED).update(
        status=Webhook.Status.DISABLED,
        disabled_at=now,
        disabled_reason=reason,
        verification_due_at=None,
        revision=F("revision") + 1,
    )
    if disabled:
        was = {"status": before.status, "disabled_reason": None}
        news = {"status": Webhook.Status.DISABLED, "disabled_reason": reason}
        news |= {"note": note} if note else {}
        record(Action.WEBHOOK_DISABLED, before, origin, changes_between(was, news))
        if reason == Webhook.DisabledReason.MANUAL:
            # The engine, which has other reasons, tells more: deliveries.alerts.
            announce_disabled(before, reason=reason, now=now)
        transaction.on_commit(wake_workers)
    else:
        # One that was disabled before may be on its way back: stopped, too.
        present.update(verification_due_at=None)
    return disabled == 1


@transaction.atomic
def delete_webhook(
    webhook: Webhook, *, if_match: str | None = None, origin: Origin = SYSTEM
) -> None:
    """Make the webhook vanish from every list. Raises RevisionMismatch."""
    webhook = locked(webhook, if_match=if_match)
    webhook.deleted_at = timezone.now()
    webhook.verification_due_at = None
    webhook.save(update_fields=["deleted_at", "verification_due_at"])
    record(Action.WEBHOOK_DELETED, webhook, origin)
    transaction.on_commit(wake_workers)
