"""What happened, in the reader's words. The API names acts as they are stored."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from subscriptions.audit import Action
from subscriptions.origins import ActorKind

ACTIONS: dict[str, Any] = {
    Action.WEBHOOK_CREATED: _("Webhook created"),
    Action.WEBHOOK_UPDATED: _("Webhook changed"),
    Action.WEBHOOK_DELETED: _("Webhook deleted"),
    Action.WEBHOOK_ENABLED: _("Webhook enabled"),
    Action.WEBHOOK_DISABLED: _("Webhook disabled"),
    Action.WEBHOOK_VERIFICATION_REQUESTED: _("Verification requested"),
    Action.WEBHOOK_VERIFIED: _("Webhook verified"),
    Action.SECRET_REVEALED: _("Signing secret revealed"),
    Action.SECRET_ROTATED: _("Signing secret rotated"),
    Action.SECRET_GRACE_ENDED: _("Previous signing secret ended"),
    Action.ENCRYPTION_KEY_ROTATED: _("Encryption key rotated"),
    Action.TENANT_CREATED: _("Tenant created"),
    Action.TENANT_UPDATED: _("Tenant changed"),
    Action.TENANT_DELETED: _("Tenant deleted"),
    Action.TENANT_EXPORTED: _("Tenant exported"),
    Action.TENANT_ERASED: _("Tenant erased"),
    Action.CLIENT_CREATED: _("API client created"),
    Action.CLIENT_UPDATED: _("API client changed"),
    Action.CLIENT_REVOKED: _("API client revoked"),
    Action.CLIENT_DELETED: _("API client deleted"),
    Action.USER_CREATED: _("Person added"),
    Action.USER_INVITED: _("Password link sent"),
    Action.USER_UPDATED: _("Person changed"),
    Action.USER_PASSWORD_CHANGED: _("Password changed"),
    Action.USER_DELETED: _("Person deleted"),
    Action.SESSIONS_ENDED: _("Other sessions ended"),
    Action.SECOND_FACTOR_ENROLLED: _("Second factor set up"),
    Action.SECOND_FACTOR_REMOVED: _("Second factor removed"),
    Action.RECOVERY_CODES_RENEWED: _("Recovery codes renewed"),
    Action.ROLE_CREATED: _("Role created"),
    Action.ROLE_UPDATED: _("Role changed"),
    Action.ROLE_DELETED: _("Role deleted"),
    Action.LOGIN_SUCCEEDED: _("Logged in"),
    Action.LOGIN_FAILED: _("Log-in failed"),
    Action.LOGOUT_SUCCEEDED: _("Logged out"),
    Action.TOKEN_REFUSED: _("Access token refused"),
    Action.EXPORT_DOWNLOADED: _("Export downloaded"),
    Action.DELIVERY_REPLAYED: _("Delivery sent again"),
    Action.RECOVERY_STARTED: _("Recovery started"),
    Action.RECOVERY_CANCELLED: _("Recovery cancelled"),
    Action.RULE_CREATED: _("Notification rule created"),
    Action.RULE_UPDATED: _("Notification rule changed"),
    Action.RULE_DELETED: _("Notification rule deleted"),
}
ACTORS: dict[str, Any] = {
    ActorKind.PERSON: _("Person"),
    ActorKind.CLIENT: _("API client"),
    ActorKind.COMMAND: _("Command"),
    ActorKind.SYSTEM: _("System"),
    ActorKind.UNKNOWN: _("Unknown"),
}


def in_words(action: str) -> Any:
    """An act that has no words yet is called by its name."""
    return ACTIONS.get(action, action)
