"""Who is in the demo: two tenants, two people, a program and two webhooks."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.contrib.auth.models import Permission
from django.db import transaction

from subscriptions.models import (
    ApiClient,
    Subsidiary,
    Tenant,
    TenantRole,
    User,
    Webhook,
)
from subscriptions.signing_secrets import reveal_secret
from subscriptions.tenancy import create_api_client, ensure_tenant
from subscriptions.webhooks import create_webhook, enable_webhook, update_webhook
from webhooks_project.demo.lifecycle import EVENT_TYPES
from webhooks_project.demo.places import ORDERS, RECOVERING, write_private

if TYPE_CHECKING:
    from subscriptions.tenancy import NewClient
    from webhooks_project.demo.places import Places

NAMES = {ORDERS: "Orders", RECOVERING: "Recovering"}
CREATED_BY = "demo"
OPERATOR = "operator"
DISPATCHER = "dana"
CLIENT_NAME = "Demo"


@dataclass(frozen=True, slots=True)
class Cast:
    """*password* is that of both people, new at each start."""

    tenant: Tenant
    subsidiary: Subsidiary
    webhooks: dict[str, Webhook]
    client: NewClient
    password: str = field(repr=False)


def assemble(places: Places) -> Cast:
    """Bring the demo's rows into being, or up to this run's ports and passwords."""
    acme, _ = ensure_tenant(
        company_code="ACME",
        name="Acme Freight",
        subsidiaries={"MAIN": "Acme Freight Main", "WEST": "Acme Freight West"},
    )
    ensure_tenant(
        company_code="GLOBEX",
        name="Globex Logistics",
        subsidiaries={"MAIN": "Globex Logistics"},
    )
    main = Subsidiary.objects.get(tenant=acme, code="MAIN")
    webhooks = _webhooks(main, places)
    password = secrets.token_urlsafe(9)
    _people(acme, password)
    return Cast(acme, main, webhooks, _client(acme), password)


@transaction.atomic
def _webhooks(subsidiary: Subsidiary, places: Places) -> dict[str, Webhook]:
    """The receiver knows their secrets before the first request goes out."""
    webhooks = {path: _webhook(subsidiary, path, places) for path in NAMES}
    ours = {path: reveal_secret(webhook) for path, webhook in webhooks.items()}
    known = _known_secrets(places) | ours
    write_private(places.signing_secrets, json.dumps(known).encode())
    return webhooks


def _known_secrets(places: Places) -> dict[str, str]:
    """Those of earlier runs, with what the user has added for webhooks of his own."""
    if not places.signing_secrets.exists():
        return {}
    known: dict[str, str] = json.loads(places.signing_secrets.read_bytes())
    return known


def _webhook(subsidiary: Subsidiary, path: str, places: Places) -> Webhook:
    """The webhook for *path*, on its way to be active."""
    mine = Webhook.objects.of(subsidiary.tenant).filter(
        subsidiary=subsidiary, name=NAMES[path]
    )
    webhook: Webhook | None = mine.first()
    url = places.receiver_url(path)
    if webhook is None:
        return create_webhook(
            tenant=subsidiary.tenant,
            subsidiary=subsidiary,
            name=NAMES[path],
            url=url,
            events=EVENT_TYPES,
            created_by=CREATED_BY,
            include_previous_attributes=path == ORDERS,
        ).webhook
    if webhook.url != url:
        update_webhook(webhook, changes={"url": url}, updated_by=CREATED_BY)
    else:
        enable_webhook(webhook)
    return webhook


def _people(acme: Tenant, password: str) -> None:
    operator = _person(OPERATOR, password, tenant=None)
    operator.is_superuser = True
    operator.save()
    ours = Permission.objects.filter(
        content_type__app_label__in=("subscriptions", "deliveries")
    )
    dispatcher = _person(DISPATCHER, password, tenant=acme)
    dispatcher.role = TenantRole.ADMIN
    dispatcher.save(update_fields=["role"])
    dispatcher.user_permissions.set(ours)


def _person(name: str, password: str, *, tenant: Tenant | None) -> User:
    person, _ = User.objects.get_or_create(username=name)
    person.tenant = tenant
    person.is_active = person.is_staff = True
    person.set_password(password)
    person.save()
    return person


def _client(acme: Tenant) -> NewClient:
    # Its secret is known to this run only, so that of the last run is of no use.
    ApiClient.objects.filter(tenant=acme, name=CLIENT_NAME).delete()
    return create_api_client(tenant=acme, name=CLIENT_NAME)
