"""What can be changed of a program that acts for a tenant, after its creation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from subscriptions.audit import Action, changes_between
from subscriptions.models import ApiClient
from subscriptions.origins import SYSTEM
from subscriptions.tenancy import record_client, refuse_unknown_scopes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from subscriptions.origins import Origin


@transaction.atomic
def update_api_client(
    client: ApiClient,
    *,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    origin: Origin = SYSTEM,
) -> None:
    """What it loses, its running tokens lose as well. Raises UnknownScopes."""
    refuse_unknown_scopes(scopes, tenant=client.tenant)
    before = _facts(ApiClient.objects.select_for_update().get(pk=client.pk))
    client.name, client.scopes = name, " ".join(scopes)
    client.expires_at = expires_at
    client.clean_fields(exclude=["tenant", "user", "client_secret"])
    client.save(update_fields=["name", "scopes", "expires_at"])
    changes = changes_between(before, _facts(client))
    if changes:
        record_client(Action.CLIENT_UPDATED, client, origin, changes)


@transaction.atomic
def delete_api_client(client: ApiClient, *, origin: Origin = SYSTEM) -> None:
    """With every token that it holds."""
    record_client(Action.CLIENT_DELETED, client, origin, {})
    client.delete()


def _facts(client: ApiClient) -> dict[str, Any]:
    ends = client.expires_at
    return {
        "name": client.name,
        "scopes": client.scopes.split(),
        "expires_at": ends.isoformat() if ends else None,
    }
