"""The audit log: written with the change it tells of, in the same transaction."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection, transaction

from subscriptions.clock import database_time
from subscriptions.models import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from django.db.models import QuerySet

    from subscriptions.models import ApiClient, Tenant, User, Webhook
    from subscriptions.origins import Origin

    Changes = dict[str, dict[str, Any]]

logger = logging.getLogger(__name__)

SPARSE_PERIOD = timedelta(minutes=1)
SPARSE_LIMIT = 10
SECRET_FIELDS = frozenset(
    {"auth", "client_secret", "password", "secret", "sealed", "signature_token"}
)
MASK = "••••"


class Action(StrEnum):
    """All that is recorded, in one vocabulary."""

    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_UPDATED = "webhook.updated"
    WEBHOOK_DELETED = "webhook.deleted"
    WEBHOOK_ENABLED = "webhook.enabled"
    WEBHOOK_DISABLED = "webhook.disabled"
    WEBHOOK_VERIFICATION_REQUESTED = "webhook.verification_requested"
    WEBHOOK_VERIFIED = "webhook.verified"
    SECRET_REVEALED = "secret.revealed"  # noqa: S105 (names of acts)
    SECRET_ROTATED = "secret.rotated"  # noqa: S105
    SECRET_GRACE_ENDED = "secret.grace_ended"  # noqa: S105
    ENCRYPTION_KEY_ROTATED = "encryption_key.rotated"
    TENANT_CREATED = "tenant.created"
    TENANT_UPDATED = "tenant.updated"
    TENANT_DELETED = "tenant.deleted"
    TENANT_EXPORTED = "tenant.exported"
    TENANT_ERASED = "tenant.erased"
    CLIENT_CREATED = "client.created"
    CLIENT_UPDATED = "client.updated"
    CLIENT_REVOKED = "client.revoked"
    CLIENT_DELETED = "client.deleted"
    USER_CREATED = "user.created"
    USER_INVITED = "user.invited"
    USER_UPDATED = "user.updated"
    USER_PASSWORD_CHANGED = "user.password_changed"  # noqa: S105
    USER_DELETED = "user.deleted"
    SESSIONS_ENDED = "sessions.ended"
    SECOND_FACTOR_ENROLLED = "second_factor.enrolled"
    SECOND_FACTOR_REMOVED = "second_factor.removed"
    RECOVERY_CODES_RENEWED = "recovery_codes.renewed"
    ROLE_CREATED = "role.created"
    ROLE_UPDATED = "role.updated"
    ROLE_DELETED = "role.deleted"
    LOGIN_SUCCEEDED = "login.succeeded"
    LOGIN_FAILED = "login.failed"
    LOGOUT_SUCCEEDED = "logout.succeeded"
    TOKEN_REFUSED = "token.refused"  # noqa: S105
    EXPORT_DOWNLOADED = "export.downloaded"
    DELIVERY_REPLAYED = "delivery.replayed"
    RECOVERY_STARTED = "recovery.started"
    RECOVERY_CANCELLED = "recovery.cancelled"
    RULE_CREATED = "rule.created"
    RULE_UPDATED = "rule.updated"
    RULE_DELETED = "rule.deleted"


class About(NamedTuple):
    """The object of an act, as it is called outside."""

    kind: str
    id: str
    name: str


def about_webhook(webhook: Webhook) -> About:
    return About("webhook", webhook.public_id, webhook.name)


def about_tenant(tenant: Tenant) -> About:
    return About("tenant", tenant.public_id, tenant.company_code)


def about_client(client: ApiClient) -> About:
    return About("client", client.client_id, client.name)


def about_user(user: User) -> About:
    return About("user", user.username, user.get_full_name())


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """What differs, by the name that the API gives to a field of ours.

    Of what is secret it says that it differs, and no more.
    """
    return {
        _pascal(name): {
            "Before": _shown(name, before.get(name)),
            "After": _shown(name, value),
        }
        for name, value in after.items()
        if before.get(name) != value
    }


def _shown(name: str, value: Any) -> Any:
    return MASK if name in SECRET_FIELDS and value else value


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def record(
    action: Action,
    *,
    origin: Origin,
    about: About,
    tenant_id: int | None,
    changes: Changes | None = None,
) -> AuditEvent:
    """Write down an act, in the caller's transaction: both are kept, or neither.

    *changes* hold no secret; make them with changes_between.
    """
    event: AuditEvent = AuditEvent.objects.create(
        tenant_id=tenant_id,
        action=action,
        actor_kind=origin.kind,
        actor_name=_fitting(origin.name),
        object_kind=about.kind,
        object_id=_fitting(about.id),
        object_name=_fitting(about.name),
        changes=changes or {},
        address=origin.address or None,
        request_id=origin.request_id,
        created_at=database_time(),
    )
    fields = {"action": str(action), "tenant_id": tenant_id, "object": event.object_id}
    transaction.on_commit(partial(logger.info, "audit.recorded", extra=fields))
    return event


def _fitting(text: str) -> str:
    return text[:255]


def latest(action: Action, *, about: About, tenant_id: int) -> AuditEvent | None:
    """The last time that this was done to the object."""
    alike = AuditEvent.objects.filter(
        tenant=tenant_id, object_id=_fitting(about.id), action=action
    )
    found: AuditEvent | None = alike.order_by("-id").first()
    return found


def record_sparsely(
    action: Action, *, origin: Origin, about: About, tenant_id: int | None
) -> bool:
    """Record what strangers can cause; beyond ten a minute for an object, do not.

    False when it was not recorded: nobody can fill the table from outside.
    """
    alike = AuditEvent.objects.filter(
        tenant=tenant_id, object_id=_fitting(about.id), action=action
    )
    times = alike.order_by("-id").values_list("created_at", flat=True)
    tenth = times[SPARSE_LIMIT - 1 : SPARSE_LIMIT].first()
    if tenth is not None and tenth > database_time() - SPARSE_PERIOD:
        return False
    record(action, origin=origin, about=about, tenant_id=tenant_id)
    return True


def purge(*, before: datetime, limit: int) -> int:
    """Delete at most *limit* of what is older than *before*; how many went."""
    return _delete(AuditEvent.objects.filter(created_at__lt=before), limit)


def erase(tenant_id: int, *, limit: int) -> int:
    """Delete at most *limit* of what is about a tenant; how many went."""
    return _delete(AuditEvent.objects.filter(tenant=tenant_id), limit)


def _delete(events: QuerySet[AuditEvent], limit: int) -> int:
    oldest = events.order_by("created_at").values_list("id", flat=True)
    with transaction.atomic(), _open_door():
        deleted, _ = AuditEvent.objects.filter(id__in=list(oldest[:limit])).delete()
    return deleted


@contextmanager
def _open_door() -> Iterator[None]:
    """The triggers let pass whose own transaction holds a row of this table.

    The row is never committed, so nobody else can see it.
    """
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO audit_door (id) VALUES (1)")
        yield
        cursor.execute("DELETE FROM audit_door")
