"""What a load balancer and an orchestrator ask: /livez and /readyz."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error, connection
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deliveries.models import Lookout
from deliveries.queue import broker_is_reachable
from subscriptions.clock import database_time

if TYPE_CHECKING:
    from django.http import HttpRequest

WORKER_SEEN_WITHIN = timedelta(minutes=1)


@never_cache
@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """This process answers. Asks nobody else, so that no outage restarts it."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when events are taken and delivered, else 503; says which part fails."""
    checks = {
        "database": _database_answers(),
        "broker": broker_is_reachable(),
        "worker": _worker_was_seen(),
    }
    is_ready = all(checks.values())
    answer = {
        "status": _word(is_well=is_ready),
        "checks": {name: _word(is_well=is_well) for name, is_well in checks.items()},
    }
    return JsonResponse(answer, status=200 if is_ready else 503)


def _word(*, is_well: bool) -> str:
    return "ok" if is_well else "failed"


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _worker_was_seen() -> bool:
    try:
        # On the clock that workers report by. What lies ahead of it tells nothing.
        now = database_time()
        seen = (now - WORKER_SEEN_WITHIN, now + WORKER_SEEN_WITHIN)
        return Lookout.objects.filter(seen_at__range=seen).exists()
    except Error:
        return False
