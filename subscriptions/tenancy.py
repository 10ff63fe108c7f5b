"""Tenants, their subsidiaries, and the programs that act for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import get_access_token_model

from subscriptions import audit
from subscriptions.audit import (
    About,
    Action,
    about_client,
    about_tenant,
    changes_between,
)
from subscriptions.conf import get_conf
from subscriptions.models import ApiClient, Subsidiary, Tenant
from subscriptions.origins import SYSTEM
from subscriptions.refusals import Refusal, sentence
from subscriptions.scopes import PLATFORM_SCOPES, SCOPES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from subscriptions.audit import Changes
    from subscriptions.origins import Origin

MAX_CLIENTS_PER_TENANT = 10


class TooManyClients(Refusal):
    def __init__(self) -> None:
        told = sentence("A tenant has at most {limit} API clients.")
        super().__init__(told, limit=MAX_CLIENTS_PER_TENANT)


class UnknownScopes(Refusal):
    def __init__(self, names: set[str]) -> None:
        told = sentence("Unknown scope: {names}.")
        super().__init__(told, names=", ".join(sorted(names)))


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client just created: the only moment at which its secret is known."""

    client: ApiClient
    secret: str = field(repr=False)


@transaction.atomic
def ensure_tenant(
    *,
    company_code: str,
    name: str,
    subsidiaries: Mapping[str, str],
    origin: Origin = SYSTEM,
) -> tuple[Tenant, list[str]]:
    """Create what is missing of a tenant and its subsidiaries (code → name).

    Returns the tenant and the names of what was added, in words. Raises
    ValidationError when a code or a name is empty or too long.
    """
    Tenant(company_code=company_code, name=name).clean_fields()
    tenant, is_new = Tenant.objects.get_or_create(
        company_code=company_code, defaults={"name": name}
    )
    added = [f"tenant {company_code}"] if is_new else []
    for code, subsidiary_name in subsidiaries.items():
        Subsidiary(tenant=tenant, code=code, name=subsidiary_name).clean_fields(
            exclude=["tenant"]
        )
        _subsidiary, is_new = Subsidiary.objects.get_or_create(
            tenant=tenant, code=code, defaults={"name": subsidiary_name}
        )
        added += [f"subsidiary {code}"] if is_new else []
    if added:
        _record_tenant(tenant, added, origin)
    return tenant, added


def _record_tenant(tenant: Tenant, added: list[str], origin: Origin) -> None:
    is_new = added[0].startswith("tenant")
    audit.record(
        Action.TENANT_CREATED if is_new else Action.TENANT_UPDATED,
        origin=origin,
        about=about_tenant(tenant),
        tenant_id=tenant.pk,
        changes=changes_between({}, {"added": added}),
    )


@transaction.atomic
def create_api_client(
    *,
    tenant: Tenant | None,
    name: str,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
    origin: Origin = SYSTEM,
) -> NewClient:
    """Create a client of *tenant*, or of the platform itself when there is none.

    Without scopes it gets all that its kind may have. Raises UnknownScopes,
    TooManyClients, and ValidationError when the name is too long.
    """
    refuse_unknown_scopes(scopes, tenant=tenant)
    if tenant is not None:
        refuse_too_many_clients(tenant)
    secret = generate_client_secret()
    client = ApiClient(
        tenant=tenant,
        name=name,
        scopes=" ".join(scopes or scopes_for(tenant)),
        client_secret=secret,
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
        expires_at=expires_at,
    )
    client.clean_fields(exclude=["tenant", "user"])
    client.save()
    begins_with = {"scopes": client.scopes.split(), "expires_at": _text(expires_at)}
    record_client(
        Action.CLIENT_CREATED, client, origin, changes_between({}, begins_with)
    )
    return NewClient(client, secret)


@transaction.atomic
def revoke_api_client(
    client: ApiClient, *, now: datetime, origin: Origin = SYSTEM
) -> None:
    """End the client and every token it holds."""
    get_access_token_model().objects.filter(application=client).delete()
    was = {"expires_at": _text(client.expires_at)}
    client.expires_at = now
    client.save(update_fields=["expires_at"])
    is_now = {"expires_at": _text(now)}
    record_client(Action.CLIENT_REVOKED, client, origin, changes_between(was, is_now))


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def record_client(
    action: Action, client: ApiClient, origin: Origin, changes: Changes
) -> None:
    audit.record(
        action,
        origin=origin,
        about=about_client(client),
        tenant_id=client.tenant_id,
        changes=changes,
    )


def record_refused_token(*, client_id: str, origin: Origin) -> None:
    """Somebody could not get a token. An id that is no client's may be a secret."""
    client = ApiClient.objects.filter(client_id=client_id).first()
    audit.record_sparsely(
        Action.TOKEN_REFUSED,
        origin=origin,
        about=about_client(client) if client else About("client", "", ""),
        tenant_id=client.tenant_id if client else None,
    )


def scopes_for(tenant: Tenant | None) -> Collection[str]:
    """All that a client of *tenant*, or of the platform itself, may have."""
    return PLATFORM_SCOPES if tenant is None else tuple(SCOPES)


def scopes_that_tenants_may_grant() -> Collection[str]:
    """What a tenant's own admin may give to a client of that tenant."""
    if get_conf().tenants_may_publish:
        return tuple(SCOPES)
    return [name for name in SCOPES if name != "events:write"]


def refuse_unknown_scopes(scopes: Iterable[str], *, tenant: Tenant | None) -> None:
    if unknown := set(scopes) - set(scopes_for(tenant)):
        raise UnknownScopes(unknown)


def refuse_too_many_clients(tenant: Tenant) -> None:
    """Raises TooManyClients. Holds the tenant until the transaction ends."""
    # The lock makes the count true: two creations cannot both be the tenth.
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if ApiClient.objects.filter(tenant=tenant).count() >= MAX_CLIENTS_PER_TENANT:
        raise TooManyClients
