"""The limits of the public API: for each token, each tenant, and for events."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from rest_framework.throttling import BaseThrottle

from subscriptions.buckets import buckets
from subscriptions.conf import get_conf, ingest_rate
from subscriptions.reserves import Reserves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest, HttpResponse
    from rest_framework.request import Request
    from rest_framework.views import APIView

    from subscriptions.api.authentication import Principal
    from subscriptions.rate_limits import Rate, Verdict

    Claim = tuple[str, Rate, int]

# What the process knows of the buckets, shared by its threads.
RESERVES = Reserves(buckets)


class ContractThrottle(BaseThrottle):
    """DRF asks it of each request that has a right to be answered.

    A view that takes in events says how many, by company code, in ``event_counts``:
    they count against a limit of their own, and the request against no other.
    """

    def __init__(self) -> None:
        self._wait: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        for key, rate, cost in _claims(request, view):
            verdict = RESERVES.take(key, rate, cost=cost)
            _note(request, verdict)
            self._wait = verdict.retry_after
            if self._wait is not None:
                return False
        return True

    def wait(self) -> float | None:
        """Whole seconds, at least one: DRF says them as Retry-After."""
        return None if self._wait is None else max(1, math.ceil(self._wait))


class RateLimitHeaders:
    """Says on each limited answer how much is left of the limit that is closest."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        verdict: Verdict | None = getattr(request, "rate_limit", None)
        if verdict is not None:
            response.headers["RateLimit-Limit"] = str(verdict.limit)
            response.headers["RateLimit-Remaining"] = str(verdict.remaining)
            response.headers["RateLimit-Reset"] = str(math.ceil(verdict.reset))
        return response


def _claims(request: Request, view: APIView) -> Iterator[Claim]:
    """The buckets that this request takes from: key, rate, how much."""
    principal = cast("Principal | None", request.auth)
    if principal is None:
        return
    claims = _of_events if hasattr(view, "event_counts") else _of_management
    for key, rate, cost in claims(request, view, principal):
        if not rate.is_off:
            yield key, rate, cost


def _of_management(
    request: Request, view: APIView, principal: Principal
) -> Iterator[Claim]:
    conf = get_conf()
    token = request.headers.get("Authorization", "").encode()
    yield f"token:{hashlib.sha256(token).hexdigest()[:32]}", conf.rate_per_token, 1
    if principal.tenant is not None:
        yield f"tenant:{principal.tenant.pk}", conf.rate_per_tenant, 1


def _of_events(request: Request, view: Any, principal: Principal) -> Iterator[Claim]:
    counts: Counter[str] = view.event_counts(request)
    if principal.tenant is not None:
        counts = Counter({principal.tenant.company_code: counts.total()})
    rate = ingest_rate()
    for company_code, count in counts.items():
        yield f"events:{company_code[:64]}", rate, count


def _note(request: Request, verdict: Verdict) -> None:
    """The one that is closest to its end is what the caller has to know."""
    underlying: Any = request._request  # noqa: SLF001 (DRF's documented way to it)
    noted: Verdict | None = getattr(underlying, "rate_limit", None)
    if noted is None or verdict.share_left <= noted.share_left:
        underlying.rate_limit = verdict
