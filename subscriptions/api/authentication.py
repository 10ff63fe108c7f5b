"""Who is asking: a bearer token, the client it was issued to, and that one's tenant."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from subscriptions.models import ApiClient, Tenant

if TYPE_CHECKING:
    from rest_framework.request import Request

REFUSED = "The access token is unknown or has expired."

# Asked with each request: to have it built each time would cost three times as much.
_ISSUED = """
SELECT client.*, token.scope AS token_scope, tenant.company_code AS tenant_code,
    tenant.name AS tenant_name, tenant.delivers_in_order AS tenant_delivers_in_order
FROM oauth2_provider_accesstoken token
JOIN subscriptions_apiclient client ON client.id = token.application_id
LEFT JOIN subscriptions_tenant tenant ON tenant.id = client.tenant_id
WHERE token.token_checksum = %s AND token.expires > %s
"""
_TENANT_COLUMNS = ("id", "company_code", "name", "delivers_in_order")


@dataclass(frozen=True, slots=True)
class Principal:
    """``request.auth``: on whose behalf a program asks, and what it may do.

    Without a tenant it is the platform's own backend.
    """

    tenant: Tenant | None
    scopes: frozenset[str]
    client: ApiClient

    @property
    def name(self) -> str:
        """How CreatedBy and UpdatedBy call the program."""
        return str(self.client.name or self.client.client_id)


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; sets ``request.auth``."""

    def authenticate(self, request: Request) -> tuple[None, Principal] | None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        return None, _principal(token.strip())

    def authenticate_header(self, request: Request) -> str:
        # Without credentials a challenge names no error (RFC 6750, section 3.1).
        if "Authorization" not in request.headers:
            return 'Bearer realm="webhooks"'
        return (
            'Bearer realm="webhooks", error="invalid_token", '
            f'error_description="{REFUSED}"'
        )


def _principal(token: str) -> Principal:
    issued = ApiClient.objects.raw(_ISSUED, [_checksum(token), timezone.now()])
    client: Any = next(iter(issued), None)
    if client is None or not client.is_usable(None):
        raise AuthenticationFailed(REFUSED)
    # What was withdrawn from a client is withdrawn from its running tokens as well.
    granted = frozenset(client.token_scope.split()) & frozenset(client.scopes.split())
    return Principal(tenant=_tenant(client), scopes=granted, client=client)


def _tenant(client: Any) -> Tenant | None:
    if client.tenant_id is None:
        return None
    in_order = bool(client.tenant_delivers_in_order)
    row = (client.tenant_id, client.tenant_code, client.tenant_name, in_order)
    tenant: Tenant = Tenant.from_db(None, _TENANT_COLUMNS, row)
    client.tenant = tenant
    return tenant


def _checksum(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
