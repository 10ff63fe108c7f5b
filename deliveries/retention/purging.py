"""Purge: what has expired is deleted, without anybody having to wait for it."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from deliveries.models import Occurrence, Purger
from deliveries.retention import (
    deleted_webhooks,
    expired_deliveries,
    expired_events,
    expired_notes,
)
from deliveries.retention.rows import rest
from deliveries.retention.space import give_back_space
from subscriptions.clock import database_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deliveries.retention.periods import Periods

# A batch that takes longer says that the database has enough to do.
TOO_SLOW = timedelta(seconds=1)
# Longer than any batch: should a purge die, the next one waits for the end of this.
LEASE = timedelta(minutes=5)
RENEWAL = 60.0

logger = logging.getLogger(__name__)


class Subject(NamedTuple):
    """Something that expires.

    *batches* deletes it: each step of the iterator is one transaction and yields how
    many rows went. *count* says how many would go.
    """

    name: str
    batches: Callable[[Periods], Iterator[int]]
    count: Callable[[Periods], int]


# In this order: first what others point from. One more is one more line.
SUBJECTS = (
    Subject("payloads", expired_events.payload_batches, expired_events.payload_count),
    Subject("attempts", expired_deliveries.batches, expired_deliveries.count),
    Subject("events", expired_events.batches, expired_events.count),
    Subject("webhooks", deleted_webhooks.batches, deleted_webhooks.count),
    Subject("incidents", expired_notes.incident_batches, expired_notes.incident_count),
    Subject("audit_events", expired_notes.audit_batches, expired_notes.audit_count),
    Subject("idempotency_keys", expired_notes.key_batches, expired_notes.key_count),
    Subject("rate_limits", expired_notes.bucket_batches, expired_notes.bucket_count),
)


@dataclass(slots=True)
class Purged:
    """How many rows went, by subject. *why_stopped*: empty when nothing is left."""

    counts: dict[str, int] = field(default_factory=dict)
    why_stopped: str = ""


class PurgeUnderWay(RuntimeError):
    def __init__(self) -> None:
        super().__init__("Another purge is under way.")


def purge(
    periods: Periods,
    *,
    patience: timedelta,
    is_told_to_stop: Callable[[], bool] = lambda: False,
    too_slow: timedelta = TOO_SLOW,
) -> Purged:
    """Delete what has expired, for as long as *patience* lasts.

    Raises PurgeUnderWay. May stop or die anywhere: the next purge goes on.
    """
    if not Purger.objects.take(now=periods.now, until=periods.now + LEASE):
        raise PurgeUnderWay
    purged, purged_at = Purged(), None
    try:
        deadline = time.monotonic() + patience.total_seconds()
        lease = _Lease()
        for name, took in _steps(periods, purged):
            if reason := _reason_to_stop(took, deadline, too_slow, is_told_to_stop):
                purged.why_stopped = f"{reason} ({name})"
                break
            lease.renew()
            rest(took)
        if any(purged.counts.values()):
            give_back_space()
        purged_at = None if purged.why_stopped else periods.now
    finally:
        Purger.objects.all().leave(purged_at=purged_at)
    _report(purged)
    return purged


def expired(periods: Periods) -> dict[str, int]:
    """How many rows of each subject would go."""
    return {each.name: each.count(periods) for each in SUBJECTS}


class _Lease:
    def __init__(self) -> None:
        self._renew_at = time.monotonic() + RENEWAL

    def renew(self) -> None:
        """Not with each batch: it would cost as much as a small one."""
        if time.monotonic() > self._renew_at:
            Purger.objects.all().keep(until=database_time() + LEASE)
            self._renew_at = time.monotonic() + RENEWAL


def _steps(periods: Periods, purged: Purged) -> Iterator[tuple[str, float]]:
    """Delete the next batch; yields whose it was, and how many seconds it took."""
    for subject in SUBJECTS:
        purged.counts[subject.name] = 0
        started = time.monotonic()
        for deleted in subject.batches(periods):
            purged.counts[subject.name] += deleted
            # Who dies before this line leaves a batch uncounted.
            Occurrence.objects.note(Occurrence.Kind.PURGED, {subject.name: deleted})
            yield subject.name, time.monotonic() - started
            started = time.monotonic()


def _reason_to_stop(
    took: float,
    deadline: float,
    too_slow: timedelta,
    is_told_to_stop: Callable[[], bool],
) -> str:
    if is_told_to_stop():
        return "The worker stops"
    if took > too_slow.total_seconds():
        return f"A batch took {took:.1f} s"
    return "Time is up" if time.monotonic() > deadline else ""


def _report(purged: Purged) -> None:
    if any(purged.counts.values()) or purged.why_stopped:
        fields = purged.counts | {"stopped": purged.why_stopped or None}
        logger.info("log.purged", extra=fields)
