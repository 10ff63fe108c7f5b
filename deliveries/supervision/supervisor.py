"""Watches over one group of workers until it is told to stop."""

from __future__ import annotations

import logging
import signal
import time
from typing import TYPE_CHECKING, NamedTuple

from django.db import Error, close_old_connections

from deliveries.queue import wake_workers
from deliveries.supervision.group import Group
from deliveries.supervision.heartbeat import Heartbeat
from deliveries.supervision.signs import last_seen_in

if TYPE_CHECKING:
    from collections.abc import Sequence

# Seconds. How long we look away; how often we ask for the heartbeat.
LOOK = 0.1
LISTEN = 2.0
# Between the death of a group and the start of the next, doubled each time.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# A group that has lived this long was no failed start.
PROVEN = 60.0
# A group that ends by itself does so at once when its last worker has left.
DESERTED = 3.0

logger = logging.getLogger(__name__)


class Patience(NamedTuple):
    """Seconds of silence until we ring, until we kill; seconds to end what is sent."""

    ring: float
    kill: float
    end: float


class Supervisor:
    def __init__(self, command: Sequence[str], *, patience: Patience) -> None:
        self._command = command
        self._patience = patience
        self._has_heard_stop = False
        self._group: Group | None = None
        self._pause = SHORTEST_PAUSE
        self._heartbeat = Heartbeat(patience.ring, patience.kill)

    def run(self) -> None:
        """Until SIGTERM or SIGINT; then what is under way ends, or is ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear_stop)
        while not self._is_stopping():
            self._group = group = Group(self._command)
            logger.info("workers.started", extra={"pid": group.pid})
            if reason := self._watch(group):
                self._wait(self._next_pause(group))
                logger.warning("workers.restarted", extra={"reason": reason})

    def _hear_stop(self, *args: object) -> None:
        self._has_heard_stop = True
        # At once: we may be waiting for a database that does not answer.
        if self._group:
            self._group.ask_to_stop()

    def _is_stopping(self) -> bool:
        return self._has_heard_stop

    def _watch(self, group: Group) -> str:
        """Until nobody of the group is left. Returns why it needs a successor, if so."""
        self._heartbeat.begin(time.monotonic())
        while group.is_running() and not self._is_stopping():
            if self._is_silent(group) and not self._is_stopping():
                group.kill()
                return "silent"
            self._wait(LISTEN, group)
        if self._is_stopping():
            logger.info("workers.stopping", extra={"pid": group.pid})
            # It has been asked, unless the signal came before there was a group.
            group.ask_to_stop()
        else:
            group.ask_the_rest_to_leave()
        self._await_the_end(group)
        return "" if self._is_stopping() else "died"

    def _is_silent(self, group: Group) -> bool:
        """Ring when nothing was heard for a while; true when that was in vain."""
        begun = time.monotonic()
        reason = self._listen(group)
        if reason or time.monotonic() - begun > LISTEN:
            # What cannot be read is not silence: the workers need the database, too.
            logger.warning("heartbeat.unreadable", extra={"reason": reason or "slow"})
            self._heartbeat.begin(time.monotonic())
        if self._heartbeat.is_faint(time.monotonic()):
            wake_workers()
        return self._heartbeat.has_stopped(time.monotonic())

    def _listen(self, group: Group) -> str:
        """Returns why nothing could be heard, if so."""
        # Between requests Django does so; after an outage it gives us a new connection.
        close_old_connections()
        try:
            sign = last_seen_in(group.name)
            self._heartbeat.hear(sign, at=time.monotonic())
        except Error as error:
            return type(error).__name__
        return ""

    def _await_the_end(self, group: Group) -> None:
        deadline = time.monotonic() + self._patience.end
        while not group.is_empty() and time.monotonic() < deadline:
            if group.seconds_deserted() > DESERTED:
                group.kill()
            time.sleep(LOOK)
        if not group.is_empty():
            logger.error("workers.killed", extra={"pid": group.pid})
            group.kill()

    def _wait(self, seconds: float, group: Group | None = None) -> None:
        """Less when we are told to stop, or when the group dies."""
        deadline = time.monotonic() + seconds
        while not self._is_stopping() and time.monotonic() < deadline:
            if group and not group.is_running():
                return
            time.sleep(LOOK)

    def _next_pause(self, group: Group) -> float:
        if time.monotonic() - group.started_at > PROVEN:
            self._pause = SHORTEST_PAUSE
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        return pause
