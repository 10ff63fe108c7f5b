"""What django-q2 calls. Each task may run twice, late, or never."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import Error, connection

from deliveries import alerts, stopping
from deliveries.conf import RECOVERY_SLICE, SLICE, Conf, get_conf
from deliveries.engine.acknowledging import stop_overdue
from deliveries.engine.clock import database_clock
from deliveries.engine.draining import Drain, Memory
from deliveries.engine.folding import fold
from deliveries.engine.healing import heal
from deliveries.engine.watch import Watch, give_sign_of_life, nobody_watches
from deliveries.models import Occurrence, Recovery, SignOfLife
from deliveries.notifications.evaluating import evaluate
from deliveries.notifications.mailing import send_notices, send_test_mails
from deliveries.payload_index import index_payloads
from deliveries.queue import INDEX, RECOVER, run_later, wake_workers
from deliveries.recovery import go_on
from deliveries.retention.periods import periods
from deliveries.retention.purging import PurgeUnderWay, purge
from deliveries.transport.http import HttpClient
from subscriptions.clock import database_time
from subscriptions.origins import SYSTEM
from subscriptions.pages.password_links import send_forgotten_passwords

if TYPE_CHECKING:
    from collections.abc import Callable

# Until the next sweep comes.
INDEXING = timedelta(seconds=50)
# One thread of a process is enough.
_indexing = threading.Lock()
# Shorter than the time to the next one.
PATIENCE_OF_A_PURGE = timedelta(minutes=5)

logger = logging.getLogger(__name__)


def drain() -> None:
    """Take a turn at the queue; whoever was the lookout calls for a successor.

    Who finds much to do wakes another, who does the same: a backlog has all workers
    busy, and a bell waiting for the first whose turn ends. A worker that is told to
    stop hands the bell on, to another node if there is one.
    """
    conf, clock = get_conf(), database_clock()
    turn = Drain(
        send=_client(conf).send,
        clock=clock,
        conf=conf,
        memory=_memory(conf),
        wake_another=wake_workers,
        is_told_to_stop=stopping.is_told_to_stop,
    )
    watch = Watch(clock=clock)
    try:
        if watch.is_lookout:
            _heal_in(minute=_minute())
        turn.run(until=clock() + SLICE, watch=watch)
    finally:
        _finish_aside(turn)
        watch.end()
    if watch.is_lookout:
        wake_workers()


def answer_the_roll() -> None:
    """Say that this group's tasks get through to its workers.

    And should the lookout have died with its node, here is somebody who notices.
    """
    # Without a database there is no sign, and the supervisor knows why.
    with suppress(Error):
        now = database_time()
        give_sign_of_life(now=now)
        if nobody_watches(now=now):
            wake_workers()


def sweep() -> None:
    """Each minute: should all bells have been lost, here is another."""
    _heal_in(minute=_minute())
    SignOfLife.objects.forget_old(now=database_time())
    wake_workers()
    fold()
    Occurrence.objects.fold()
    if get_conf().index_payloads:
        run_later(INDEX)


def index() -> None:
    """Index what was published, aside, so that this worker can take its next turn."""
    if _indexing.acquire(blocking=False):
        threading.Thread(target=_index, name="index").start()
    # While this task waited in the queue, it was taken for a bell.
    wake_workers()


def _index() -> None:
    try:
        index_payloads(patience=INDEXING, is_told_to_stop=stopping.is_told_to_stop)
    except Error as error:
        logger.warning("search.behind", extra={"reason": type(error).__name__})
    finally:
        connection.close()
        _indexing.release()


def purge_expired() -> None:
    """Every few minutes: aside, for this worker has deliveries to send meanwhile."""
    _start_aside(_purge, name="purge")


def _purge() -> None:
    try:
        purge(
            periods(get_conf(), now=database_time()),
            patience=PATIENCE_OF_A_PURGE,
            is_told_to_stop=stopping.is_told_to_stop,
        )
    except PurgeUnderWay:
        logger.info("purge.under_way")
    finally:
        connection.close()


def recover() -> None:
    """Take all running recoveries further, for as long as a task should last."""
    end = time.monotonic() + RECOVERY_SLICE.total_seconds()
    is_done = go_on(
        rate=get_conf().recovery_rate,
        is_over=lambda: stopping.is_told_to_stop() or time.monotonic() > end,
    )
    if not is_done:
        run_later(RECOVER)


def evaluate_rules() -> None:
    """Each minute: aside, for this worker has deliveries to send meanwhile."""
    _start_aside(_evaluate_rules, name="rules")


def _evaluate_rules() -> None:
    try:
        evaluate(clock=database_time, is_told_to_stop=stopping.is_told_to_stop)
        # Whose task was lost, or died with its worker.
        _send_notices()
    except Error as error:
        logger.warning("rules.behind", extra={"reason": type(error).__name__})
    finally:
        connection.close()


def mail_notices() -> None:
    """Aside: a mail server may take its time."""
    _start_aside(_mail_notices, name="mail")


def _mail_notices() -> None:
    try:
        _send_notices()
    finally:
        connection.close()


def _send_notices() -> None:
    send_notices(clock=database_time, is_told_to_stop=stopping.is_told_to_stop)


def mail_rule_test(rule_id: int, requested_by: str) -> None:
    send_test_mails(rule_id, requested_by=requested_by)


def mail_password_links(people: list[int], language: str, asked_from: str) -> None:
    origin = replace(SYSTEM, address=asked_from)
    site = get_conf().site_url
    send_forgotten_passwords(people, site=site, language=language, origin=origin)


def _start_aside(work: Callable[[], None], *, name: str) -> None:
    # A daemon: who stops need not wait for it, and the next one goes on.
    threading.Thread(target=work, name=name, daemon=True).start()


def mail_of_given_up(delivery_id: int) -> None:
    alerts.mail_of_given_up(delivery_id)


# By the monotonic clock: the sweep's schedule knows only the one that may be moved.
def _minute() -> int:
    return int(time.monotonic() // 60)


@lru_cache(maxsize=1)
def _heal_in(*, minute: int) -> None:
    conf, now = get_conf(), database_time()
    heal(conf, now=now)
    stop_overdue(conf, now=now)
    if Recovery.objects.running().exists():
        run_later(RECOVER)


def _finish_aside(turn: Drain) -> None:
    """Let slow receivers answer while this worker takes its next turn.

    The thread is not a daemon: a worker that is asked to stop waits for it.
    """
    if turn.is_sending:
        threading.Thread(target=_finish, args=[turn], name="finish").start()
    else:
        turn.finish()


def _finish(turn: Drain) -> None:
    try:
        turn.finish()
    finally:
        connection.close()


@lru_cache(maxsize=1)
def _client(conf: Conf) -> HttpClient:
    # Kept from one turn to the next, with its open connections.
    return HttpClient(
        policy=conf.address_policy,
        allow_http=conf.allow_http,
        ca_bundle=conf.ca_bundle or None,
        egress_proxy=conf.egress_proxy or None,
    )


@lru_cache(maxsize=1)
def _memory(conf: Conf) -> Memory:
    return Memory.of(conf)
