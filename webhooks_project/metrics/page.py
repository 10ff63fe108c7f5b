"""GET /metrics, and who may read it."""

from __future__ import annotations

import os
from ipaddress import ip_address
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

from subscriptions.addresses import parse_networks
from subscriptions.client_addresses import client_address
from webhooks_project.metrics.requests import REQUESTS
from webhooks_project.metrics.rows import Rows

if TYPE_CHECKING:
    from django.http import HttpRequest


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_read(request):
        raise Http404
    text = generate_latest(_of_rows()) + generate_latest(_of_requests())
    return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _of_rows() -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Rows())
    return registry


def _of_requests() -> CollectorRegistry:
    """Of all processes of this web server; of this one, where it is the only one."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REQUESTS
    registry = CollectorRegistry(auto_describe=False)
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # theirs
    return registry


def _may_read(request: HttpRequest) -> bool:
    if token := settings.WEBHOOKS_METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return constant_time_compare(given, f"Bearer {token}")
    return settings.DEBUG or _is_near(request)


def _is_near(request: HttpRequest) -> bool:
    # A proxy that nobody told us of: its address says nothing of who asks.
    is_forwarded = {"X-Forwarded-For", "Forwarded"} & set(request.headers)
    if is_forwarded and not settings.WEBHOOKS_TRUSTED_PROXIES:
        return False
    text = client_address(request)
    networks = parse_networks(settings.WEBHOOKS_METRICS_NETWORKS)
    return bool(text) and any(ip_address(text) in network for network in networks)
