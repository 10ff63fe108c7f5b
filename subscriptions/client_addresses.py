"""From which address a request comes, behind as many proxies as the operator has."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from subscriptions.conf import trusted_proxies

if TYPE_CHECKING:
    from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The address that the outermost trusted proxy saw; without proxies, the peer's.

    Each proxy appends whom it sees to X-Forwarded-For; what stands further left was
    written by whoever asked, and is not believed.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    hops = [*request.headers.get("X-Forwarded-For", "").split(","), peer]
    place = min(trusted_proxies() + 1, len(hops))
    return _address(hops[-place]) or _address(peer)


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return None
