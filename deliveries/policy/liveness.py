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
    """What can be seen from outside. *due_since*: of the delivery that waits longest.

    *poisoned*: deliveries that were given up of late, because they killed their workers.
    """

    database_answers: bool = True
    broker_is_reachable: bool = True
    egress_down_since: datetime | None = None
    poisoned: int = 0
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


def remarks(signs: Signs, *, now: datetime) -> list[str]:
    """What somebody should look at, though the workers are at work; a sentence each."""
    found = []
    if down_since := signs.egress_down_since:
        found.append(
            f"Nobody could be reached for {_seconds(now - down_since)} s: our own way"
            " out is broken, deliveries wait."
        )
    if signs.poisoned:
        found.append(
            f"{signs.poisoned} deliveries of the last 24 hours were given up, because"
            " they killed their workers."
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
