"""What the platform decides about a tenant, after its creation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from subscriptions import audit
from subscriptions.audit import Action, about_tenant, changes_between
from subscriptions.models import Subsidiary, Tenant
from subscriptions.origins import SYSTEM

if TYPE_CHECKING:
    from subscriptions.audit import Changes
    from subscriptions.origins import Origin


@dataclass(frozen=True, slots=True)
class Terms:
    """*retention_days*: None for as long as the settings say."""

    name: str
    delivers_in_order: bool
    retention_days: int | None


@transaction.atomic
def update_tenant(tenant: Tenant, terms: Terms, *, origin: Origin = SYSTEM) -> None:
    """Raises ValidationError when a value is none that a tenant can have."""
    held = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    wanted = asdict(terms)
    changes = changes_between({name: getattr(held, name) for name in wanted}, wanted)
    if not changes:
        return
    for name, value in wanted.items():
        setattr(tenant, name, value)
    tenant.clean_fields()
    tenant.save(update_fields=list(wanted))
    _record(tenant, origin, changes)


@transaction.atomic
def rename_subsidiary(
    subsidiary: Subsidiary, *, name: str, origin: Origin = SYSTEM
) -> None:
    """Its code stays: programs and webhooks name it."""
    held = Subsidiary.objects.select_for_update().get(pk=subsidiary.pk)
    if held.name == name:
        return
    subsidiary.name = name
    subsidiary.clean_fields(exclude=["tenant"])
    subsidiary.save(update_fields=["name"])
    key = f"subsidiary_{held.code}"
    _record(subsidiary.tenant, origin, {key: {"Before": held.name, "After": name}})


def _record(tenant: Tenant, origin: Origin, changes: Changes) -> None:
    audit.record(
        Action.TENANT_UPDATED,
        origin=origin,
        about=about_tenant(tenant),
        tenant_id=tenant.pk,
        changes=changes,
    )
