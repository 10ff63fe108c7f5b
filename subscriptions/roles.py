"""What people may do, by their role: one table, asked by every page."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from subscriptions.models import TenantRole

if TYPE_CHECKING:
    from subscriptions.models import User


class Right(StrEnum):
    """Seeing webhooks and their logs needs none: each role may."""

    # Create, change, enable.
    MANAGE = "manage"
    # Also the platform's support may, with its reason.
    DISABLE = "disable"
    DELETE = "delete"
    # Reveal and rotate signing secrets.
    SECRETS = "secrets"
    # Send test events.
    TEST = "test"
    # Send deliveries again: one, some, or a recovery.
    RESEND = "resend"
    # Notification rules.
    NOTIFY = "notify"
    AUDIT = "audit"
    CLIENTS = "clients"
    PEOPLE = "people"


class Role(StrEnum):
    ADMIN = TenantRole.ADMIN.value
    ENGINEER = TenantRole.ENGINEER.value
    # The platform's own staff: sees all tenants, never a secret.
    SUPPORT = "support"


RIGHTS = {
    Role.ADMIN: frozenset(Right),
    Role.ENGINEER: frozenset(
        {Right.MANAGE, Right.DISABLE, Right.TEST, Right.RESEND, Right.NOTIFY}
    ),
    Role.SUPPORT: frozenset({Right.DISABLE, Right.RESEND, Right.AUDIT}),
}


def role_of(user: User) -> Role:
    return Role.SUPPORT if user.tenant_id is None else Role(user.role)


def rights_of(user: User) -> frozenset[Right]:
    return RIGHTS[role_of(user)]
