"""The rules that every tenant has without setting anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deliveries.models import NotificationRule
from deliveries.policy.notification_rules import Kind
from subscriptions.models import Tenant

if TYPE_CHECKING:
    from datetime import datetime


class DefaultRule(NamedTuple):
    key: str
    name: str
    description: str


DEFAULTS = {
    Kind.WEBHOOK_DISABLED: DefaultRule(
        "webhook_disabled",
        "Webhook disabled",
        "Tells when a webhook was disabled because its receiver kept failing.",
    ),
    Kind.FIRST_FAILURE: DefaultRule(
        "first_failure",
        "First failed event",
        "Tells when an event was not delivered to a webhook that was doing well.",
    ),
}


def ensure_default_rules(*, now: datetime, tenant: Tenant | None = None) -> None:
    """Make what is missing, of one tenant or of all; what was deleted stays deleted."""
    for kind, default in DEFAULTS.items():
        tenants = Tenant.objects.exclude(rules__default_name=default.key).order_by("pk")
        lacking = tenants if tenant is None else tenants.filter(pk=tenant.pk)
        NotificationRule.objects.bulk_create(
            [_rule(each, kind, default, now) for each in lacking],
            batch_size=500,
            ignore_conflicts=True,
        )


def _rule(
    tenant: Tenant, kind: Kind, default: DefaultRule, now: datetime
) -> NotificationRule:
    return NotificationRule(
        tenant=tenant,
        kind=kind,
        name=default.name,
        description=default.description,
        default_name=default.key,
        created_at=now,
        created_by="system",
    )
