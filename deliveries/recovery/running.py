"""Take running recoveries further: a batch is one transaction, whoever makes it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from deliveries.engine.steps import Step, reach
from deliveries.models import Recovery
from deliveries.queue import wake_workers
from deliveries.recovery.matching import next_matches
from deliveries.recovery.progress import report_on
from deliveries.recovery.rows import Replay, insert_replays
from deliveries.recovery.starting import end_recovery
from deliveries.spans import span
from subscriptions.clock import database_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from deliveries.recovery.matching import Match
    from deliveries.spans import Span

Stage = Recovery.Stage

BATCH = 500
# A recovery plans this far ahead. More than the minute between two sweeps, less than
# what healing takes for the work of a wrong clock.
AHEAD = timedelta(minutes=2)


def go_on(*, rate: float, is_over: Callable[[], bool]) -> bool:
    """Plan what is next of each running recovery. False: *is_over* came before.

    *rate*: deliveries a second for each webhook; 0 is as fast as it goes.
    """
    running = Recovery.objects.running().order_by("pk").values_list("pk", flat=True)
    left = list(running)
    # A batch of each in turn: a long one keeps no other waiting.
    while left := [pk for pk in left if _take_further(pk, rate=rate)]:
        reach(Step.AFTER_QUEUED)
        if is_over():
            return False
    return True


def _take_further(pk: int, *, rate: float) -> bool:
    with span("recovery") as opened:
        return _take_a_step(pk, opened, rate=rate)


@transaction.atomic(durable=True)
def _take_a_step(pk: int, opened: Span, *, rate: float) -> bool:
    """Queue a batch, or note the end. True: there may be more to do at once."""
    found = Recovery.objects.running().select_related("webhook").filter(pk=pk)
    # Whoever holds it is doing the same.
    recovery = found.select_for_update(skip_locked=True, of=("self",)).first()
    if recovery is None:
        return False
    opened.note(
        webhooks__recovery=recovery.public_id,
        webhooks__webhook=recovery.webhook.public_id,
    )
    if recovery.stage == Stage.SENDING or not recovery.webhook.is_active:
        standing = report_on(recovery).standing
        # Else it is being sent, or a new URL is being verified: later.
        if standing.status != Recovery.Status.RUNNING:
            end_recovery(recovery, standing)
        return False
    return _queue(recovery, interval=_interval(rate), now=database_time())


def _interval(rate: float) -> timedelta:
    return timedelta(seconds=1 / rate) if rate else timedelta()


def _queue(recovery: Recovery, *, interval: timedelta, now: datetime) -> bool:
    first = max(recovery.next_due_at, now)
    room = _room(now + AHEAD - first, interval)
    if room <= 0:
        return False
    matches = next_matches(recovery, limit=room)
    # An event may have failed as a delivery and as a replay.
    wanted = (match.event_id for match in matches if match.is_wanted)
    events = list(dict.fromkeys(wanted))
    insert_replays(
        [Replay(event, first + at * interval) for at, event in enumerate(events)],
        recovery=recovery,
        now=now,
    )
    recovery.queued += len(events)
    recovery.next_due_at = first + len(events) * interval
    _move_on(recovery, matches, is_last=len(matches) < room)
    recovery.save()
    reach(Step.BEFORE_QUEUED)
    transaction.on_commit(wake_workers)
    return True


def _room(span: timedelta, interval: timedelta) -> int:
    if span <= timedelta():
        return 0
    return min(BATCH, -(-span // interval)) if interval else BATCH


def _move_on(recovery: Recovery, matches: Sequence[Match], *, is_last: bool) -> None:
    if not is_last:
        recovery.position_at, recovery.position_id = matches[-1].at, matches[-1].row_id
        return
    is_first_stage = recovery.stage == Stage.NOT_RECEIVED
    goes_on = is_first_stage and recovery.include_missed
    recovery.stage = Stage.MISSED if goes_on else Stage.SENDING
    recovery.position_at, recovery.position_id = recovery.since, 0
