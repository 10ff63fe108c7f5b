"""Is it our own way out that is broken, or are it the receivers? Pure.

When nearly nobody can be reached the fault is ours. Attempts of that time are charged
to nobody, and no more are made until somebody can be reached again.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from deliveries.policy.outcomes import OURS
from deliveries.wire.exchange import Exchange, Failure, FailureKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

# Over the short one a busy platform finds out before the first retries go out; over the
# long one, one that has little to send.
WINDOWS = (timedelta(seconds=15), timedelta(minutes=1))
PAUSE = timedelta(seconds=30)
# Of the attempts within a window: how much must have failed to connect.
SHARE = 0.9
# A witness has delivered within this time; it may have died of itself before.
LATELY = timedelta(hours=1)
# One receiver that is down takes all webhooks at its host with it, one customer's data
# centre several hosts. Only what has happened to more than those is our doing.
WEBHOOKS, HOSTS, TENANTS = 10, 3, 2
# How many are tried when a pause is over.
PROBES = 10

# No connection stood: the receiver had no part in it.
UNCONNECTED = OURS | {FailureKind.DNS, FailureKind.CONNECT}


class Tally(NamedTuple):
    """Attempts, and how many of them failed to connect."""

    attempts: int
    unconnected: int

    @property
    def is_dark(self) -> bool:
        """Nearly nobody was reached."""
        return self.unconnected > 0 and self.unconnected >= SHARE * self.attempts


class Witness(NamedTuple):
    """A webhook that fails to connect now, though it has delivered lately."""

    webhook_id: int
    tenant_id: int
    host: str


class Evidence(NamedTuple):
    """Of one window. *tenants*: how many have an active webhook at all."""

    tally: Tally
    witnesses: Collection[Witness]
    tenants: int


class Passage(Enum):
    """Who may go out."""

    OPEN = auto()
    # A few, to see whether anybody can be reached.
    PROBE = auto()
    SHUT = auto()


def is_unconnected(exchange: Exchange) -> bool:
    reply = exchange.reply
    return isinstance(reply, Failure) and reply.kind in UNCONNECTED


def total(tallies: Iterable[Tally]) -> Tally:
    columns = [sum(column) for column in zip(*tallies, strict=True)] or (0, 0)
    return Tally(*columns)


def is_our_fault(evidence: Evidence) -> bool:
    tally, witnesses, tenants = evidence
    return (
        tally.is_dark
        and len(witnesses) >= WEBHOOKS
        and len({each.host for each in witnesses}) >= HOSTS
        and len({each.tenant_id for each in witnesses}) >= min(TENANTS, tenants)
    )


def testifies_since(up_since: datetime | None, *, now: datetime) -> datetime:
    """A success after this moment makes a webhook a witness.

    What failed when the way out was found to work again is no witness until it has
    delivered anew: the same dead receivers cannot stop us twice.
    """
    lately = now - LATELY
    return max(up_since, lately) if up_since else lately


def passage(
    *, down_since: datetime | None, paused_until: datetime | None, now: datetime
) -> Passage:
    if down_since is None or paused_until is None:
        return Passage.OPEN
    # No pause is longer: the clock was put back since.
    is_paused = now < paused_until <= now + PAUSE
    return Passage.SHUT if is_paused else Passage.PROBE
