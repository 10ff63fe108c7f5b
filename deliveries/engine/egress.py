"""Our own outage: found by what attempts come to, and sat out by all nodes."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from deliveries.engine.witnesses import evidence
from deliveries.models import Egress
from deliveries.policy.egress import (
    WINDOWS,
    Passage,
    Tally,
    is_our_fault,
    is_unconnected,
    passage,
    testifies_since,
    total,
)
from deliveries.wire.exchange import Failure, FailureKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from deliveries.engine.delivering import Sent

# How long a pause may go unnoticed by a worker; how often one that suspects asks.
LOOK = timedelta(seconds=1)
# Batches that a process remembers: at full speed half a minute's.
REMEMBERED = 1_000

logger = logging.getLogger(__name__)


class WayOut:
    """What this process knows of the egress. Safe to share between its turns."""

    def __init__(self) -> None:
        self._known = Egress()
        self._read_at: datetime | None = None
        self._judged_at: datetime | None = None
        self._is_suspicious = False
        self._recent: deque[tuple[datetime, Tally]] = deque(maxlen=REMEMBERED)

    def passage(self, *, now: datetime) -> Passage:
        """Who may go out now. PROBE is told to one worker of all, once a pause."""
        found = self._passage(now)
        if found is Passage.PROBE:
            is_mine = Egress.objects.take_probe(now=now)
            self._read(now)
            return Passage.PROBE if is_mine else self._passage(now)
        return found

    def is_shut(self, *, now: datetime) -> bool:
        return self._passage(now) is Passage.SHUT

    def opens_at(self, moment: datetime, *, now: datetime) -> datetime:
        """When something that is due at *moment* may go out."""
        reopening = self._known.paused_until
        return max(moment, reopening) if reopening and self.is_shut(now=now) else moment

    def excuse(self, sent: Sequence[Sent], *, now: datetime) -> Sequence[Sent]:
        """Learn from *sent*; what failed by our own outage comes back as that."""
        failed = [each for each in sent if is_unconnected(each.exchange)]
        self._recent.append((now, Tally(len(sent), len(failed))))
        self._come_up_if_reached(sent, now=now)
        if not failed:
            return sent
        self._is_suspicious = True
        self._read(now)
        self._judge_if_it_is_time(sent, now=now)
        if self._known.down_since is None:
            return sent
        return [
            _excused(each) if is_unconnected(each.exchange) else each for each in sent
        ]

    def _passage(self, now: datetime) -> Passage:
        if self._is_time(self._read_at, now):
            self._read(now)
            self._judge_if_it_is_time((), now=now)
        known = self._known
        return passage(
            down_since=known.down_since, paused_until=known.paused_until, now=now
        )

    def _read(self, now: datetime) -> None:
        self._known = Egress.objects.current()
        self._read_at = now

    def _come_up_if_reached(self, sent: Iterable[Sent], *, now: datetime) -> None:
        down_since = self._known.down_since
        if down_since is None:
            return
        # What was under way before says nothing about the way out of now.
        probes = [each for each in sent if each.started_at > down_since]
        if all(is_unconnected(each.exchange) for each in probes):
            return
        if Egress.objects.come_up(now=now):
            seconds = round((now - down_since).total_seconds())
            logger.warning("egress.up", extra={"seconds": seconds})
        self._read(now)

    def _judge_if_it_is_time(self, sent: Sequence[Sent], *, now: datetime) -> None:
        """At once, then once a second; who comes in between is judged with the next."""
        is_up = self._known.down_since is None
        if not (self._is_suspicious and is_up and self._is_time(self._judged_at, now)):
            return
        self._is_suspicious, self._judged_at = False, now
        for window in WINDOWS:
            if self._own(since=now - window).is_dark:
                self._judge(sent, since=now - window, now=now)

    def _judge(self, sent: Sequence[Sent], *, since: datetime, now: datetime) -> None:
        fresh = testifies_since(self._known.up_since, now=now)
        found = evidence(sent, since=since, delivered_since=fresh)
        if not is_our_fault(found):
            return
        if Egress.objects.go_down(now=now):
            fields = {"webhooks": len(found.witnesses), **found.tally._asdict()}
            logger.error("egress.down", extra=fields)
        self._read(now)

    def _own(self, *, since: datetime) -> Tally:
        """This process's own attempts: a count that costs no question."""
        return total(tally for at, tally in list(self._recent) if at > since)

    @staticmethod
    def _is_time(last: datetime | None, now: datetime) -> bool:
        return last is None or not last <= now < last + LOOK


def _excused(sent: Sent) -> Sent:
    reply = sent.exchange.reply
    said = reply.detail if isinstance(reply, Failure) else ""
    failure = Failure(FailureKind.OUTAGE, said)
    return replace(sent, exchange=replace(sent.exchange, reply=failure))
