"""Lease due deliveries to this worker: each to one worker at a time."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction

from deliveries.engine import turnstile
from deliveries.engine.interruptions import give_up, judge, note_interrupted
from deliveries.engine.steps import Step, reach
from deliveries.models import Occurrence
from deliveries.spans import span
from deliveries.statements import among, ask_each, execute, table, uid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta
    from uuid import UUID

    from deliveries.engine.backlog import Busy
    from deliveries.engine.ordering import Entity
    from deliveries.statements import Row

logger = logging.getLogger(__name__)

# A claim looks this far past deliveries that must wait for one of their entity.
LOOK_AHEAD = 32

# SQLite uses a partial index only where its condition is repeated word for word.
_DUE = """
SELECT id, webhook_id, is_leased, order_key <> '' AND EXISTS (
    SELECT 1 FROM deliveries_delivery earlier
    WHERE earlier.webhook_id = delivery.webhook_id
    AND earlier.order_key = delivery.order_key AND earlier.id < delivery.id
    AND earlier.state IN (0, 1) AND NOT (earlier.order_key = '')
) AS is_behind, CASE
    WHEN is_replay THEN 2 WHEN retries_yield AND attempts_made > 0 THEN 1 ELSE 0
END AS place, due_at
FROM deliveries_delivery delivery
WHERE state = 0 AND webhook_id = {} AND due_at <= {} AND (is_test OR {})
"""
_IN_ORDER = "ORDER BY due_at, id LIMIT {}"
_CANDIDATES = f"{_DUE} {_IN_ORDER}"
# New events do not wait behind a recovery of old ones; and where the profile says so,
# not behind retries.
_FIRST = "AND retries_yield AND attempts_made = 0"
_IN_PLACE = f"""
SELECT * FROM (
    SELECT * FROM ({_DUE} {_FIRST} {_IN_ORDER}) AS first
    UNION SELECT * FROM ({_DUE} AND NOT is_replay {_IN_ORDER}) AS new
    UNION ALL SELECT * FROM ({_DUE} AND is_replay {_IN_ORDER}) AS again
) AS candidate ORDER BY place, due_at, id LIMIT {{}}
"""  # noqa: S608 (our own words)

# Only columns of the row itself: a join would become a subquery, which PostgreSQL does
# not test again after it has waited for another worker. "state + 0": found by their ids,
# not in the index of what is due, which is long just when statistics think it is empty.
_PARK = """
UPDATE deliveries_delivery SET state = 1, due_at = NULL, is_leased = %s
WHERE id {} AND state + 0 = 0 AND due_at <= %s
"""
_LEASE = """
UPDATE deliveries_delivery
SET due_at = %s, is_leased = %s, claim_number = claim_number + 1
WHERE id {} AND state + 0 = 0 AND due_at <= %s
RETURNING id, uid, event_id, webhook_id, claim_number, attempts_made, order_key,
    is_test, is_replay
"""
_GIVE_BACK = """
UPDATE deliveries_delivery AS delivery SET due_at = %s, is_leased = %s
FROM {} AS unsent
WHERE delivery.id = unsent.column1 AND delivery.claim_number = unsent.column2
AND delivery.state + 0 = 0 AND delivery.is_leased
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours until the lease ends; *sequence* is our token."""

    delivery_id: int
    uid: UUID
    event_id: int
    webhook_id: int
    sequence: int
    attempts_made: int
    order_key: str
    is_test: bool
    is_replay: bool

    @property
    def entity(self) -> Entity:
        return self.webhook_id, self.order_key

    @property
    def number(self) -> int:
        """What the receiver is told: attempts that were interrupted do not count."""
        return self.attempts_made + 1


class Limits(NamedTuple):
    """How much of a webhook to lease, and for how long.

    *window*: how much may be under way, all workers taken together; *batch*: how much
    this claim may add to it. *lease_of* a profile, by its name. *alone*: one that is
    suspected of killing its worker; else only such as are not.
    """

    window: Callable[[int], int]
    batch: Callable[[int], int]
    lease_of: Callable[[str], timedelta]
    alone: bool = False


class Candidate(NamedTuple):
    delivery_id: int
    webhook_id: int
    was_leased: bool
    is_behind: bool


def claim(busy: Sequence[Busy], *, limits: Limits, now: datetime) -> list[Claimed]:
    """Lease what is due of *busy*. Returns what is ours now."""
    due = [webhook for webhook in busy if webhook.is_due(now)]
    if not due:
        return []
    reach(Step.BEFORE_CLAIM)
    with span("claim") as opened:
        claimed = _claim(due, limits=limits, now=now)
        opened.note(webhooks__count=len(claimed))
    if claimed:
        webhooks = {each.webhook_id for each in claimed}
        fields = {"count": len(claimed), "webhooks": len(webhooks)}
        logger.debug("deliveries.claimed", extra=fields)
    return claimed


def _claim(due: Sequence[Busy], *, limits: Limits, now: datetime) -> list[Claimed]:
    with transaction.atomic(durable=True):
        mine = _at_the_turnstile(due)
        room = _room(mine, limits, now=now)
        candidates = _candidates(mine, room, now=now)
        _park([c.delivery_id for c in candidates if c.is_behind], now=now)
        chosen = _chosen(_fit(candidates, limits, now=now), room)
        if not chosen:
            return []
        torn = [c.delivery_id for c in chosen if c.was_leased]
        note_interrupted(torn, lease_of=limits.lease_of)
        claimed = _lease(chosen, _ends_of_leases(mine, limits, now=now), now=now)
        _count(claimed, {each.webhook_id: each.profile for each in mine})
        return claimed


def give_back(unsent: Sequence[Claimed], *, now: datetime) -> None:
    """What was claimed and not sent is due for whoever comes first."""
    if unsent:
        rows = [(each.delivery_id, each.sequence) for each in unsent]
        values, parameters = table(rows, "bigint", "integer")
        execute(_GIVE_BACK.format(values), [now, False, *parameters])


def _at_the_turnstile(due: Sequence[Busy]) -> list[Busy]:
    """Those of *due* that no other worker is claiming or recording for."""
    turnstile.build({each.webhook_id for each in due if not each.has_health})
    mine = turnstile.hold_if_free([each.webhook_id for each in due])
    return [each for each in due if each.webhook_id in mine]


def _room(mine: Sequence[Busy], limits: Limits, *, now: datetime) -> dict[int, int]:
    """How many more may be in flight, per webhook."""
    ids = [webhook.webhook_id for webhook in mine]
    if not ids:
        return {}
    these, values = among(ids)
    in_flight = execute(
        "SELECT webhook_id, count(*) FROM deliveries_delivery"  # noqa: S608
        f" WHERE is_leased AND due_at > %s AND webhook_id {these} GROUP BY webhook_id",
        [now, *values],
    )
    under_way: Counter[int] = Counter(dict(in_flight))
    room = {pk: min(limits.window(pk) - under_way[pk], limits.batch(pk)) for pk in ids}
    return {webhook_id: free for webhook_id, free in room.items() if free > 0}


def _candidates(
    mine: Sequence[Busy], room: Mapping[int, int], *, now: datetime
) -> list[Candidate]:
    asked = [webhook for webhook in mine if webhook.webhook_id in room]
    if not asked:
        return []
    questions = [
        (each.webhook_id, now, each.is_active, room[each.webhook_id] + LOOK_AHEAD)
        for each in asked
    ]
    types = ("bigint", "timestamptz", "boolean", "integer")
    found = ask_each(_CANDIDATES, questions, *types)
    # On most days nothing has to step back, and the plain question costs a third.
    if any(place for *_, place, _ in found):
        thrice = [3 * question + question[-1:] for question in questions]
        found = ask_each(_IN_PLACE, thrice, *3 * types, types[-1])
    return [Candidate(*row[:4]) for row in found]


def _park(delivery_ids: Sequence[int], *, now: datetime) -> None:
    """They wait; recording the end of the one before them makes them due again."""
    if delivery_ids:
        these, ids = among(delivery_ids)
        execute(_PARK.format(these), [False, *ids, now])


def _fit(
    candidates: Sequence[Candidate], limits: Limits, *, now: datetime
) -> list[Candidate]:
    """Those that may go out now; what has killed too many workers ends here."""
    first = [each for each in candidates if not each.is_behind]
    torn = judge([each.delivery_id for each in first if each.was_leased])
    give_up(torn.poison, lease_of=limits.lease_of, now=now)
    if limits.alone:
        return [each for each in first if each.delivery_id in torn.suspect][:1]
    return [
        each for each in first if each.delivery_id not in torn.poison | torn.suspect
    ]


def _chosen(
    candidates: Sequence[Candidate], room: Mapping[int, int]
) -> list[Candidate]:
    left = dict(room)
    chosen = []
    for candidate in candidates:
        if left[candidate.webhook_id] > 0:
            left[candidate.webhook_id] -= 1
            chosen.append(candidate)
    return chosen


def _ends_of_leases(
    mine: Iterable[Busy], limits: Limits, *, now: datetime
) -> dict[int, datetime]:
    return {each.webhook_id: now + limits.lease_of(each.profile) for each in mine}


def _lease(
    chosen: Sequence[Candidate], ends: Mapping[int, datetime], *, now: datetime
) -> list[Claimed]:
    rows: dict[int, Row] = {}
    # Nearly always one: the profiles that take equally long share it.
    for until in {ends[each.webhook_id] for each in chosen}:
        these, ids = among(
            [each.delivery_id for each in chosen if ends[each.webhook_id] == until]
        )
        leased = execute(_LEASE.format(these), [until, True, *ids, now])
        rows |= {row[0]: row for row in leased}
    # In the order of the round: who is sent to last is asked last the next time.
    order = [each.delivery_id for each in chosen]
    return [_claimed(*rows[pk]) for pk in order if pk in rows]


def _count(claimed: Iterable[Claimed], profiles: Mapping[int, str]) -> None:
    counts = Counter(profiles[each.webhook_id] for each in claimed)
    Occurrence.objects.note(Occurrence.Kind.CLAIMED, counts)


def _claimed(delivery_id: int, stored_uid: Any, *rest: Any) -> Claimed:
    event_id, webhook_id, sequence, attempts_made, order_key, *flags = rest
    is_test, is_replay = map(bool, flags)
    return Claimed(
        delivery_id=delivery_id,
        uid=uid(stored_uid),
        event_id=event_id,
        webhook_id=webhook_id,
        sequence=sequence,
        attempts_made=attempts_made,
        order_key=order_key,
        is_test=is_test,
        is_replay=is_replay,
    )
