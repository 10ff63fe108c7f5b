"""The one door to django-q2: ring for the workers, and keep the sweep scheduled.

A task is only a doorbell. What is due stands in the rows of Delivery and Webhook; a
lost, doubled or late task costs delay, never truth.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import Error, connection
from django.utils import timezone
from django_q import cluster, queues
from django_q.brokers import Broker, get_broker
from django_q.brokers.orm import ORM
from django_q.brokers.redis_broker import Redis
from django_q.models import Schedule
from django_q.signals import post_execute_in_worker, post_spawn, pre_execute
from django_q.signing import BadSignature, SignedPackage
from django_q.tasks import async_task
from redis.exceptions import RedisError

from deliveries import stopping
from deliveries.file_lock import FileLock
from deliveries.models import Lookout
from deliveries.statements import execute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    # A ticket to acknowledge it by, and the signed package.
    Tasks = list[tuple[Any, str]]

DRAIN = "deliveries.tasks.drain"
SWEEP = "deliveries.tasks.sweep"
ROLL = "deliveries.tasks.answer_the_roll"
INDEX = "deliveries.tasks.index"
PURGE = "deliveries.tasks.purge_expired"
RECOVER = "deliveries.tasks.recover"
EVALUATE = "deliveries.tasks.evaluate_rules"
MAIL_NOTICES = "deliveries.tasks.mail_notices"
MAIL_RULE_TEST = "deliveries.tasks.mail_rule_test"
MAIL_PASSWORD_LINKS = "deliveries.tasks.mail_password_links"  # noqa: S105 (a task)
MAIL_GIVEN_UP = "deliveries.tasks.mail_of_given_up"
# Seconds between two signs of life of a group that has nothing to do.
ROLL_CALL = 2.0
# Tasks that are looked at to find a bell among them.
GLANCE = 20
# What is done again and again, and after how many minutes.
SCHEDULES = {SWEEP: 1, EVALUATE: 1, PURGE: 10}

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
    """Whether one does, among the first tasks: it may be mail that waits."""
    if isinstance(broker, ORM):
        return any(map(_is_bell, _waiting_in_database(broker.list_key)))
    if isinstance(broker, Redis):
        waiting = broker.connection.lrange(broker.list_key, 0, GLANCE - 1)
        return any(map(_is_bell, waiting))
    return int(broker.queue_size()) > 0


def _waiting_in_database(queue: str) -> Iterable[str]:
    # The broker would look at the connection's health before and after.
    sql = "SELECT payload FROM django_q_ormq WHERE key = %s AND lock <= %s LIMIT %s"
    return (row[0] for row in execute(sql, [queue, timezone.now(), GLANCE]))


# The same one waits through many publications.
@lru_cache(maxsize=GLANCE)
def _is_bell(package: str | bytes) -> bool:
    try:
        return bool(SignedPackage.loads(package)["func"] == DRAIN)
    except BadSignature:
        # Of before a change of the secret key: nobody will hear it.
        return False


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
    """Have the sweep and the purge run again and again. Called after each migrate."""
    table = Schedule._meta.db_table  # noqa: SLF001 (Django's documented API)
    if table not in connection.introspection.table_names():
        return
    for task, minutes in SCHEDULES.items():
        if not Schedule.objects.filter(name=task).exists():
            Schedule.objects.create(
                name=task,
                func=task,
                schedule_type=Schedule.MINUTES,
                minutes=minutes,
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


class RollCall:
    """The broker's tasks, and now and then one for this group alone.

    Bells are everybody's: a group that hears none may be idle or hang. This task goes
    the way of all others, through the pusher and the queue to a worker of the group.
    """

    def __init__(self, dequeue: Callable[[], Tasks | None]) -> None:
        self._dequeue = dequeue
        self._next = 0.0

    def __call__(self) -> Tasks | None:
        tasks = self._dequeue()
        if time.monotonic() < self._next:
            return tasks
        self._next = time.monotonic() + ROLL_CALL
        task = {"id": ROLL, "name": ROLL, "func": ROLL, "args": (), "kwargs": {}}
        # Nothing to acknowledge: it was never in the broker.
        call = (None, SignedPackage.dumps(task | {"started": timezone.now()}))
        return [*(tasks or []), call]


def _broker_with_roll_call(*args: Any, **kwargs: Any) -> Broker:
    broker = get_broker(*args, **kwargs)
    broker.dequeue = RollCall(broker.dequeue)
    return broker


cluster.Queue = SurvivingQueue
# The sentinel asks for it, and hands it to its pusher.
cluster.get_broker = _broker_with_roll_call
post_spawn.connect(_greet, dispatch_uid="deliveries.queue")
