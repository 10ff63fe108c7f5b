"""The first requests of a new program, ready to be run in a shell."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

    from subscriptions.tenancy import NewClient

# What each scope can be tried with; the first that the client has is shown.
TRIED_WITH = {
    "webhooks:read": "webhooks",
    "events:read": "events",
    "audit:read": "audit-events",
    "rules:read": "rules",
}


@dataclass(frozen=True, slots=True)
class FirstCalls:
    token: str
    call: str


def first_calls(request: HttpRequest, created: NewClient) -> FirstCalls:
    """*call* is empty when nothing that the client may do is one simple request."""
    address = request.build_absolute_uri("/oauth/token")
    fields = {
        "grant_type": "client_credentials",
        "client_id": created.client.client_id,
        "client_secret": created.secret,
    }
    body = shlex.quote(json.dumps(fields))
    token = f"curl {address} \\\n  -H 'Content-Type: application/json' \\\n  -d {body}"
    held = set(created.client.scopes.split())
    path = next((path for scope, path in TRIED_WITH.items() if scope in held), "")
    if not path:
        return FirstCalls(token, "")
    whole = request.build_absolute_uri(f"/api/p/v3/{path}")
    return FirstCalls(token, f'curl {whole} \\\n  -H "Authorization: Bearer $TOKEN"')
