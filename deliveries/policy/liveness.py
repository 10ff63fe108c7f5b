"""Whether the workers are at work, judged by the signs that they leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

# A worker reports every two seconds; a minute outlasts a restart of all of them.
SEEN_WITHIN = timedelta(minutes=1)
# A due delivery may wait behind others for long. But then others are attempted.
LATE_AFTER = timedelta(minutes=2)


class Part(StrEnum):
    DATABASE = "database"
    BROKER = "broker"
    WORKER = "worker"
    DELIVERIES = "deliveries"


@dataclass(frozen=True, slots=True)
class Signs:
    """What can be seen from outside. *due_since*: of the delivery that waits longest."""

    database_answers: bool
    broker_is_reachable: bool
    seen_at: datetime | None = None
    due_since: datetime | None = None
    attempted_at: datetime | None = None


def complaints(signs: Signs, *, now: datetime) -> Mapping[Part, str]:
    """What is wrong, a sentence each; nothing when events are delivered."""
    found = {}
    if not signs.database_answers:
        # Without it nothing else is known; what is unknown is not well.
        found[Part.DATABASE] = "The database does not answer."
        found[Part.WORKER] = "Whether a worker is alive stands in the database."
    elif sentence := _of_workers(signs.seen_at, now=now):
        found[Part.WORKER] = sentence
    if not signs.broker_is_reachable:
        found[Part.BROKER] = "The broker does not answer."
    if signs.due_since and _nothing_moves(signs, signs.due_since, now=now):
        found[Part.DELIVERIES] = (
            f"A delivery has been due for {_seconds(now - signs.due_since)} s,"
            " and nothing is attempted."
        )
    return found


def _of_workers(seen_at: datetime | None, *, now: datetime) -> str:
    if seen_at is None:
        return "No worker was ever seen."
    if seen_at < now - SEEN_WITHIN:
        return f"No worker was seen for {_seconds(now - seen_at)} s."
    if seen_at > now + SEEN_WITHIN:
        return "The clock was put back after a worker was seen."
    return ""


def _nothing_moves(signs: Signs, due_since: datetime, *, now: datetime) -> bool:
    limit = now - LATE_AFTER
    return due_since < limit and (
        signs.attempted_at is None or signs.attempted_at < limit
    )


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
