"""What is done to webhooks, for the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from subscriptions import audit
from subscriptions.audit import Action, about_webhook

if TYPE_CHECKING:
    from subscriptions.audit import Changes
    from subscriptions.models import Webhook
    from subscriptions.origins import Origin
    from subscriptions.request_auth import Auth


def record(
    action: Action, webhook: Webhook, origin: Origin, changes: Changes | None = None
) -> None:
    audit.record(
        action,
        origin=origin,
        about=about_webhook(webhook),
        tenant_id=webhook.tenant_id,
        changes=changes,
    )


def audited(auth: Auth | None) -> dict[str, Any]:
    """Of the settings themselves the audit log says that they differ, and no more."""
    return {"auth": auth, "auth_type": auth.type.value if auth else None}
