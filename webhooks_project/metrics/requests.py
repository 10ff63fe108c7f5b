"""Requests counted by this web server's processes: nothing in the database tells them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STEPS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = CollectorRegistry()
_answered = Counter(
    "webhooks_http_requests",
    "Requests answered, by the route as the route table has it.",
    ["route", "method", "status"],
    registry=REQUESTS,
)
_durations = Histogram(
    "webhooks_http_request_duration_seconds",
    "From the first middleware to the answer.",
    ["route", "method"],
    buckets=STEPS,
    registry=REQUESTS,
)


class RequestMetrics:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = time.perf_counter()
        response = self.get_response(request)
        route, method = _route(request), _method(request)
        _answered.labels(route, method, str(response.status_code)).inc()
        _durations.labels(route, method).observe(time.perf_counter() - start)
        return response


def _route(request: HttpRequest) -> str:
    # Never the path: it holds ids, and whoever guesses addresses would fill the memory.
    match = request.resolver_match
    return match.route if match else "none"


def _method(request: HttpRequest) -> str:
    method = request.method or ""
    return method if method in METHODS else "other"
