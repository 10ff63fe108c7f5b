"""From which address a request came, past the proxies that we trust and no further."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from subscriptions.conf import get_conf

if TYPE_CHECKING:
    from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address that asked; empty where there is none, as on a Unix socket.

    ``X-Forwarded-For`` counts from its end: each trusted proxy appended one address,
    and what stands before those was written by the client.
    """
    hops = [request.META.get("REMOTE_ADDR", "")]
    if proxies := get_conf().trusted_proxies:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")
        hops = [text.strip() for text in forwarded][-proxies:]
    return _address(hops[0])


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
