"""What a load balancer and an orchestrator ask: /livez and /readyz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deliveries.policy.liveness import Part, complaints
from deliveries.supervision.signs import time_of_signs, vital_signs

if TYPE_CHECKING:
    from django.http import HttpRequest

PARTS = (Part.DATABASE, Part.BROKER, Part.WORKER)


@never_cache
@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """This process answers. Asks nobody else, so that no outage restarts it."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when events are taken and delivered, else 503; says which part fails."""
    signs, now = vital_signs(), time_of_signs()
    failing = complaints(signs, now=now)
    answer = {
        "status": _word(is_well=not failing),
        "checks": {part: _word(is_well=part not in failing) for part in PARTS},
        # No reason to take this node out of service: no other one is better off.
        "egress": "down" if signs.egress_down_since else "up",
        "poison": signs.poisoned,
    }
    return JsonResponse(answer, status=503 if failing else 200)


def _word(*, is_well: bool) -> str:
    return "ok" if is_well else "failed"
