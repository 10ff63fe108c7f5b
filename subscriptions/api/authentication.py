"""Who is asking: a bearer token, the client it was issued to, and that one's tenant."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from subscriptions.models import ApiClient, Tenant

if TYPE_CHECKING:
    from rest_framework.request import Request

REFUSED = "The access token is unknown or has expired."

# Asked with each request: a queryset, raw or not, costs more than the database's answer.
_ISSUED = """
SELECT client.id, client.client_id, client.name, client.tenant_id, client.scopes,
    token.scope, tenant.company_code, tenant.name, tenant.delivers_in_order
FROM oauth2_provider_accesstoken token
JOIN subscriptions_apiclient client ON client.id = token.application_id
LEFT JOIN subscriptions_tenant tenant ON tenant.id = client.tenant_id
WHERE token.token_checksum = %s AND token.expires > %s
AND (client.expires_at IS NULL OR client.expires_at > %s)
"""
# In the order of the fields. What else there is of a client is read when asked for.
_CLIENT_COLUMNS = ("id", "client_id", "name", "tenant_id", "scopes")
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
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_ISSUED, [_checksum(token), now, now])
        row = cursor.fetchone()
    if row is None:
        raise AuthenticationFailed(REFUSED)
    *columns, scope, company_code, name, in_order = row
    client: ApiClient = ApiClient.from_db(None, _CLIENT_COLUMNS, columns)
    tenant = None
    if client.tenant_id is not None:
        values = (client.tenant_id, company_code, name, bool(in_order))
        tenant = client.tenant = Tenant.from_db(None, _TENANT_COLUMNS, values)
    # What was withdrawn from a client is withdrawn from its running tokens as well.
    granted = frozenset(scope.split()) & frozenset(client.scopes.split())
    return Principal(tenant=tenant, scopes=granted, client=client)


def _checksum(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
