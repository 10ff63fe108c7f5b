"""Who is asking: a bearer token, the client it was issued to, and that one's tenant."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from oauth2_provider.models import get_access_token_model
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

if TYPE_CHECKING:
    from rest_framework.request import Request

    from subscriptions.models import ApiClient, Tenant

REFUSED = "The access token is unknown or has expired."


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
    now = timezone.now()
    issued = get_access_token_model().objects.select_related("application__tenant")
    row = issued.filter(token_checksum=_checksum(token), expires__gt=now).first()
    if row is None or row.application is None or not row.application.is_usable(None):
        raise AuthenticationFailed(REFUSED)
    client: ApiClient = row.application
    # What was withdrawn from a client is withdrawn from its running tokens as well.
    granted = frozenset(row.scope.split()) & frozenset(client.scopes.split())
    return Principal(tenant=client.tenant, scopes=granted, client=client)


def _checksum(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
