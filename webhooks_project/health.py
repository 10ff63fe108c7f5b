"""What a load balancer and an orchestrator ask: /livez and /readyz."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error, connection
from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deliveries.models import Lookout
from deliveries.queue import broker_is_reachable

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
    since = timezone.now() - WORKER_SEEN_WITHIN
    try:
        return Lookout.objects.filter(seen_at__gte=since).exists()
    except Error:
        return False
