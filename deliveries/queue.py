"""The one door to django-q2: ring for the workers, and keep the sweep scheduled.

A task is only a doorbell. What is due stands in the rows of Delivery and Webhook; a
lost, doubled or late task costs delay, never truth.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import Error, connection
from django.utils import timezone
from django_q import cluster, queues
from django_q.brokers import Broker, get_broker
from django_q.brokers.orm import ORM
from django_q.models import Schedule
from django_q.signals import post_execute_in_worker, post_spawn, pre_execute
from django_q.tasks import async_task
from redis.exceptions import RedisError

from deliveries import stopping
from deliveries.file_lock import FileLock
from deliveries.models import Lookout
from deliveries.statements import execute

if TYPE_CHECKING:
    from collections.abc import Iterator

DRAIN = "deliveries.tasks.drain"
SWEEP = "deliveries.tasks.sweep"
RECOVER = "deliveries.tasks.recover"
MAIL_ADMINS = "deliveries.tasks.mail_admins_of"

# What a broker raises that cannot be reached, whichever it is.
BROKEN = (Error, RedisError, OSError)

logger = logging.getLogger(__name__)


def wake_workers() -> None:
    """Ring, unless a bell is waiting already.

    Called after the commit that made something due, so it never raises: the sweep
    finds what a broken bell left behind.
    """
    with _delay_at_worst():
        if not _a_bell_waits(_broker(os.getpid())):
            run_later(DRAIN)


def _a_bell_waits(broker: Broker) -> bool:
    if not isinstance(broker, ORM):
        return int(broker.queue_size()) > 0
    # The same question, without a look at the connection's health before and after.
    sql = "SELECT 1 FROM django_q_ormq WHERE key = %s AND lock <= %s LIMIT 1"
    return bool(execute(sql, [broker.list_key, timezone.now()]))


def broker_is_reachable() -> bool:
    """Whether a bell would be heard."""
    try:
        _broker(os.getpid()).queue_size()
    except BROKEN:
        return False
    return True


def run_later(task: str, *arguments: Any) -> None:
    """Have a worker run *task*. May be lost: only for what is not a promise."""
    with _delay_at_worst():
        async_task(task, *arguments, broker=_broker(os.getpid()))


@contextmanager
def _delay_at_worst() -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        logger.warning("bell.broken", extra={"reason": type(error).__name__})


@lru_cache(maxsize=1)
def _broker(pid: int) -> Broker:
    # One connection pool for each process; a fork must not share its parent's.
    return get_broker()


def schedule_sweep(**kwargs: Any) -> None:
    """Have the sweep run each minute, for ever. Called after each migrate."""
    table = Schedule._meta.db_table  # noqa: SLF001 (Django's documented API)
    if table not in connection.introspection.table_names():
        return
    if not Schedule.objects.filter(name=SWEEP).exists():
        Schedule.objects.create(
            name=SWEEP,
            func=SWEEP,
            schedule_type=Schedule.MINUTES,
            minutes=1,
            repeats=-1,
        )


def _greet(**kwargs: Any) -> None:
    """A worker process has begun, perhaps in the place of a lookout that died."""
    ear = stopping.listen()
    pre_execute.connect(ear.begin, weak=False)
    post_execute_in_worker.connect(ear.end, weak=False)
    with _delay_at_worst():
        Lookout.objects.leave()
    wake_workers()


class SurvivingQueue(queues.Queue):  # type: ignore[misc]  # the library is untyped
    """A queue between processes that outlives a reader who is killed while it waits.

    django-q2's idle worker waits with a semaphore in its hand, which nobody gives back
    when it is killed: no other worker gets a task any more (its issue 23, since 2022).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rlock = FileLock()


cluster.Queue = SurvivingQueue
post_spawn.connect(_greet, dispatch_uid="deliveries.queue")
