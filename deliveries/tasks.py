"""What django-q2 calls. Each task may run twice, late, or never."""

from __future__ import annotations

import threading
import time
from functools import lru_cache

from django.db import connection

from deliveries import alerts, stopping
from deliveries.conf import RECOVERY_SLICE, SLICE, Conf, get_conf
from deliveries.engine.clock import database_clock
from deliveries.engine.draining import Drain
from deliveries.engine.healing import heal
from deliveries.engine.watch import Watch
from deliveries.models import Recovery
from deliveries.policy.pacing import Pacing
from deliveries.queue import RECOVER, run_later, wake_workers
from deliveries.recovery import go_on
from deliveries.transport.http import HttpClient
from subscriptions.clock import database_time


def drain() -> None:
    """Take a turn at the queue; whoever was the lookout calls for a successor.

    A worker that is told to stop hands the bell on, to another node if there is one.
    """
    conf, clock = get_conf(), database_clock()
    turn = Drain(
        send=_client(conf).send,
        clock=clock,
        conf=conf,
        pacing=_pacing(conf),
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


def sweep() -> None:
    """Each minute: should all bells have been lost, here is another."""
    _heal_in(minute=_minute())
    wake_workers()


def recover() -> None:
    """Take all running recoveries further, for as long as a task should last."""
    end = time.monotonic() + RECOVERY_SLICE.total_seconds()
    is_done = go_on(
        rate=get_conf().recovery_rate,
        is_over=lambda: stopping.is_told_to_stop() or time.monotonic() > end,
    )
    if not is_done:
        run_later(RECOVER)


def mail_admins_of(webhook_id: int, consecutive_failures: int) -> None:
    alerts.mail_admins_of(webhook_id, consecutive_failures=consecutive_failures)


# By the monotonic clock: the sweep's schedule knows only the one that may be moved.
def _minute() -> int:
    return int(time.monotonic() // 60)


@lru_cache(maxsize=1)
def _heal_in(*, minute: int) -> None:
    heal(get_conf(), now=database_time())
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
    )


@lru_cache(maxsize=1)
def _pacing(conf: Conf) -> Pacing:
    # What this process has learnt about the receivers' pace.
    return Pacing(normal=conf.in_flight_per_webhook)
