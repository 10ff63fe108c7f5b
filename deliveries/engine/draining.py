"""One worker's turn at the queue: claim, send, record, until time or work runs out."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deliveries.credentials import save_tokens
from deliveries.engine.backlog import busy_webhooks, in_turn, torn_webhooks
from deliveries.engine.claiming import Limits, claim
from deliveries.engine.delivering import Run, deliver_in_turn, prepare
from deliveries.engine.egress import WayOut
from deliveries.engine.lanes import Lanes
from deliveries.engine.leases import give_back
from deliveries.engine.recording import record
from deliveries.engine.senders import Senders
from deliveries.engine.skipping import skip_stopped
from deliveries.engine.steps import Step, reach
from deliveries.policy.egress import PROBES, Passage
from deliveries.policy.pacing import Pacing
from deliveries.tokens import Tokens
from deliveries.verification import Verified, record_verification, verify
from subscriptions.verification import claim_challenges

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deliveries.conf import Conf
    from deliveries.engine.backlog import Busy
    from deliveries.engine.clock import Clock
    from deliveries.engine.delivering import Outgoing
    from deliveries.engine.leases import Claimed
    from deliveries.engine.watch import Watch
    from deliveries.wire.exchange import Exchange

    Send = Callable[..., Exchange]

# How long something that has just become due may go unnoticed by an idle worker.
POLL = timedelta(milliseconds=50)
CHALLENGES = 8
# Claims in one turn that show that there is work for others, too.
MANY = 2


class Work(NamedTuple):
    """What one look at the queue found. *next_due*: of what may be sent, if any."""

    has_moved: bool
    next_due: datetime | None


class Memory(NamedTuple):
    """What a process has learnt, for one turn after the other."""

    pacing: Pacing
    way_out: WayOut
    tokens: Tokens

    @classmethod
    def of(cls, conf: Conf) -> Memory:
        return cls(Pacing(normal=conf.in_flight_per_webhook), WayOut(), Tokens())


class Drain:
    """*send* makes one request within the *timeout* it is given.

    *wake_another* is called once in a turn that finds much to do. *is_told_to_stop* ends the turn, and the runs of its threads, between two sends.
    """

    def __init__(
        self,
        *,
        send: Send,
        clock: Clock,
        conf: Conf,
        memory: Memory | None = None,
        wake_another: Callable[[], None] = lambda: None,
        is_told_to_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._clock = clock
        self._conf = conf
        self._send = send
        self._wake_another = wake_another
        self._is_told_to_stop = is_told_to_stop
        self._send_challenge = partial(send, timeout=conf.verification_timeout)
        self._senders: Senders[Run | Verified] = Senders(conf.concurrency)
        memory = memory or Memory.of(conf)
        self._way_out, self._tokens = memory.way_out, memory.tokens
        self._lanes = Lanes(memory.pacing, per_webhook=conf.in_flight_per_webhook)
        self._last_served = 0
        self._next_look_for_challenges = clock()

    @property
    def is_sending(self) -> bool:
        return self._senders.busy > 0

    def run(self, *, until: datetime, watch: Watch | None = None) -> None:
        """Work until then, or until nothing is due or in flight and *watch* ends.

        What is in flight at the end is left to `finish`.
        """
        self._try_suspects(until=until)
        claims = 0
        while self._clock() < until and not self._is_told_to_stop():
            work = self._start_what_is_due()
            claims += work.has_moved
            if work.has_moved and claims == MANY:
                self._wake_another()
            recorded = self._record_what_ended(patience=self._patience(work))
            is_awake = watch is not None and watch.stays()
            if not (recorded or self.is_sending or self._is_due(work) or is_awake):
                return

    def finish(self) -> None:
        """Wait for what is in flight, and record it."""
        self._record_all()
        self._senders.close()

    def _try_suspects(self, *, until: datetime) -> None:
        """What may kill its worker goes out before this turn holds anything else."""
        limits = Limits(self._lanes.window, lambda _: 1, self._conf.lease, alone=True)
        while (now := self._clock()) < until and not self._is_told_to_stop():
            if self._way_out.is_shut(now=now):
                return
            claimed = claim(torn_webhooks(now), limits=limits, now=now)
            if not claimed:
                return
            self._start(claimed, now=now)
            self._record_all()

    def _start_what_is_due(self) -> Work:
        now = self._clock()
        self._start_challenges(now)
        busy = in_turn(busy_webhooks(), after=self._last_served)
        skipped = skip_stopped(busy, now=now)
        claimed = self._claim(busy, now=now)
        self._start(claimed, now=now)
        due = min((each.next_due for each in busy if each.next_due), default=None)
        next_due = due and self._way_out.opens_at(due, now=now)
        return Work(has_moved=bool(skipped or claimed), next_due=next_due)

    def _start(self, claimed: list[Claimed], *, now: datetime) -> None:
        if not claimed:
            return
        reach(Step.AFTER_CLAIM)
        self._last_served = claimed[-1].webhook_id
        outgoing = prepare(
            claimed, rules_of=self._conf.rules, tokens=self._tokens, now=now
        )
        for run in self._lanes.enter(outgoing):
            self._senders.start(partial(self._deliver, run))

    def _deliver(self, outgoing: list[Outgoing]) -> Run:
        return deliver_in_turn(
            outgoing,
            send=self._send,
            style=self._conf.style,
            clock=self._clock,
            is_told_to_stop=self._is_told_to_stop,
        )

    def _claim(self, busy: list[Busy], *, now: datetime) -> list[Claimed]:
        due = [each for each in busy if each.is_due(now)]
        admitted = self._lanes.admit(due, free=self._senders.free)
        passage = self._way_out.passage(now=now) if admitted else Passage.SHUT
        if passage is Passage.SHUT:
            return []
        limits = Limits(self._lanes.window, self._lanes.batch, self._conf.lease)
        if passage is Passage.PROBE:
            limits, admitted = limits._replace(batch=lambda _: 1), admitted[:PROBES]
        return claim(admitted, limits=limits, now=now)

    def _start_challenges(self, now: datetime) -> None:
        if now < self._next_look_for_challenges or self._way_out.is_shut(now=now):
            return
        self._next_look_for_challenges = now + 2 * POLL
        timeout, lease = self._conf.verification_timeout, self._conf.challenge_lease
        for challenge in claim_challenges(limit=CHALLENGES, lease=lease, now=now):
            job = partial(verify, send=self._send_challenge, style=self._conf.style)
            self._senders.start(partial(job, challenge, timeout=timeout))

    def _record_what_ended(self, *, patience: timedelta) -> bool:
        ended = self._senders.collect(patience=patience)
        now = self._clock()
        runs = [each for each in ended if isinstance(each, Run)]
        sent = [each for run in runs for each in run.sent]
        record(self._way_out.excuse(sent, now=now), now=now)
        give_back([each for run in runs for each in run.unsent], now=now)
        for run in runs:
            self._lanes.leave(run)
        for each in ended:
            if isinstance(each, Verified):
                record_verification(each, now=now)
        save_tokens(self._tokens)
        return bool(ended)

    def _record_all(self) -> None:
        while self.is_sending:
            self._record_what_ended(patience=self._conf.longest_timeout)

    def _is_due(self, work: Work) -> bool:
        return work.next_due is not None and work.next_due <= self._clock()

    def _patience(self, work: Work) -> timedelta:
        """How long to wait for an answer before looking at the queue again."""
        if work.has_moved:
            return timedelta()
        # What is due and was not claimed waits for somebody's answer.
        if work.next_due is None or self._is_due(work):
            return POLL
        return min(work.next_due - self._clock(), POLL)
