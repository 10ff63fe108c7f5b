"""The signs of life that workers leave in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import Error
from django.utils import timezone

from deliveries.engine.backlog import busy_webhooks
from deliveries.models import Attempt, Lookout
from deliveries.policy.liveness import Signs
from deliveries.queue import broker_is_reachable
from subscriptions.clock import database_time

if TYPE_CHECKING:
    from datetime import datetime


def vital_signs() -> Signs:
    """What a load balancer may ask for many times a minute; never raises."""
    try:
        seen_at = last_seen()
    except Error:
        return _of_an_outage()
    return Signs(
        database_answers=True,
        broker_is_reachable=broker_is_reachable(),
        seen_at=seen_at,
    )


def all_signs() -> Signs:
    """Those, and whether deliveries move; never raises."""
    try:
        seen_at = last_seen()
        due = [each.next_due for each in busy_webhooks() if each.next_due]
        latest = Attempt.objects.order_by("-pk").values_list("started_at", flat=True)
        attempted_at = latest.first()
    except Error:
        return _of_an_outage()
    return Signs(
        database_answers=True,
        broker_is_reachable=broker_is_reachable(),
        seen_at=seen_at,
        due_since=min(due, default=None),
        attempted_at=attempted_at,
    )


def last_seen() -> datetime | None:
    """When a worker last said that it is alive. Raises while the database is away."""
    seen: datetime | None = Lookout.objects.values_list("seen_at", flat=True).first()
    return seen


def time_of_signs() -> datetime:
    """Now, by the clock that wrote them; by ours while it cannot be asked."""
    try:
        return database_time()
    except Error:
        return timezone.now()


def _of_an_outage() -> Signs:
    return Signs(database_answers=False, broker_is_reachable=broker_is_reachable())
