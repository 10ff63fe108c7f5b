"""The signs of life that workers leave in the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error
from django.utils import timezone

from deliveries.engine.backlog import busy_webhooks
from deliveries.groups import node
from deliveries.models import Attempt, Egress, SignOfLife
from deliveries.policy.liveness import Signs
from deliveries.queue import broker_is_reachable
from deliveries.statements import execute
from subscriptions.clock import database_time

if TYPE_CHECKING:
    from datetime import datetime


# How long a delivery that was given up stays in sight of those who watch.
IN_SIGHT = timedelta(days=1)

_POISON = """
SELECT count(*) FROM deliveries_attempt WHERE error_kind = 'poison' AND started_at > %s
"""


def vital_signs() -> Signs:
    """What a load balancer may ask for many times a minute; never raises."""
    try:
        signs = _of_workers(last_seen())
    except Error:
        signs = Signs(database_answers=False)
    return replace(signs, broker_is_reachable=broker_is_reachable())


def all_signs() -> Signs:
    """Those of this node's workers, and whether deliveries move; never raises."""
    try:
        signs = _of_deliveries(_of_workers(_last_seen_here()))
    except Error:
        signs = Signs(database_answers=False)
    return replace(signs, broker_is_reachable=broker_is_reachable())


def _of_workers(seen_at: datetime | None) -> Signs:
    return Signs(
        seen_at=seen_at,
        egress_down_since=Egress.objects.current().down_since,
        poisoned=_poisoned(since=database_time() - IN_SIGHT),
    )


def _of_deliveries(signs: Signs) -> Signs:
    due = [each.next_due for each in busy_webhooks() if each.next_due]
    latest = Attempt.objects.order_by("-pk").values_list("started_at", flat=True)
    return replace(signs, due_since=min(due, default=None), attempted_at=latest.first())


def _poisoned(*, since: datetime) -> int:
    # SQLite uses a partial index only where its condition is repeated word for word.
    ((count,),) = execute(_POISON, [since])
    return int(count)


def last_seen() -> datetime | None:
    """When a worker of any group was last seen. Raises while the database is away."""
    seen: datetime | None = SignOfLife.objects.last_seen()
    return seen


def last_seen_in(group: str) -> datetime | None:
    seen: datetime | None = SignOfLife.objects.filter(group=group).last_seen()
    return seen


def _last_seen_here() -> datetime | None:
    """On this node; on any, if none of its own was seen for a day."""
    seen: datetime | None = SignOfLife.objects.filter(node=node()).last_seen()
    return seen or last_seen()


def time_of_signs() -> datetime:
    """Now, by the clock that wrote them; by ours while it cannot be asked."""
    try:
        return database_time()
    except Error:
        return timezone.now()
