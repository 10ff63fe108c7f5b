"""Lease due deliveries to this worker: each to one worker at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction

from deliveries.engine import turnstile
from deliveries.engine.interruptions import give_up, judge, note_interrupted
from deliveries.engine.statements import execute, marks, uid
from deliveries.engine.steps import Step, reach

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta
    from uuid import UUID

    from deliveries.engine.backlog import Busy
    from deliveries.engine.ordering import Entity

# One claim looks at this many webhooks, and this far past deliveries that must wait
# for an earlier one of their entity.
WEBHOOKS = 16
LOOK_AHEAD = 32

# SQLite uses a partial index only where its condition is repeated word for word.
_CANDIDATES = """
SELECT * FROM (
    SELECT id, webhook_id, is_leased, order_key <> '' AND EXISTS (
        SELECT 1 FROM deliveries_delivery earlier
        WHERE earlier.webhook_id = delivery.webhook_id
        AND earlier.order_key = delivery.order_key AND earlier.id < delivery.id
        AND earlier.state IN (0, 1) AND NOT (earlier.order_key = '')
    ) AS is_behind
    FROM deliveries_delivery delivery
    WHERE state = 0 AND webhook_id = %s AND due_at <= %s AND (is_test OR %s)
    ORDER BY due_at, id LIMIT %s
) AS candidates
"""

# Only columns of the row itself: a join would become a subquery, which PostgreSQL does
# not test again after it has waited for another worker.
_PARK = """
UPDATE deliveries_delivery SET state = 1, due_at = NULL, is_leased = %s
WHERE id IN {} AND state = 0 AND due_at <= %s
"""
_LEASE = """
UPDATE deliveries_delivery
SET due_at = %s, is_leased = %s, claim_number = claim_number + 1
WHERE id IN {} AND state = 0 AND due_at <= %s
RETURNING id, uid, event_id, webhook_id, claim_number, attempts_made, order_key, is_test
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

    @property
    def entity(self) -> Entity:
        return self.webhook_id, self.order_key

    @property
    def number(self) -> int:
        """What the receiver is told: attempts that were interrupted do not count."""
        return self.attempts_made + 1


class Limits(NamedTuple):
    """How much to claim: in all, per webhook (over all workers), and for how long.

    *alone*: only what is suspected of killing its worker, else only what is not.
    """

    total: int
    per_webhook: int
    lease: timedelta
    alone: bool = False


class Candidate(NamedTuple):
    delivery_id: int
    webhook_id: int
    was_leased: bool
    is_behind: bool


def claim(busy: Sequence[Busy], *, limits: Limits, now: datetime) -> list[Claimed]:
    """Lease what is due of the first of *busy*. Returns what is ours now."""
    due = [webhook for webhook in busy if webhook.is_due(now)][:WEBHOOKS]
    if not due or limits.total <= 0:
        return []
    reach(Step.BEFORE_CLAIM)
    with transaction.atomic(durable=True):
        mine = _at_the_turnstile(due)
        room = _room(mine, limit=limits.per_webhook, now=now)
        candidates = _candidates(mine, room, now=now)
        _park([c.delivery_id for c in candidates if c.is_behind], now=now)
        chosen = _chosen(_fit(candidates, limits, now=now), room, total=limits.total)
        if not chosen:
            return []
        torn = [c.delivery_id for c in chosen if c.was_leased]
        note_interrupted(torn, lease=limits.lease)
        return _lease(
            [c.delivery_id for c in chosen], until=now + limits.lease, now=now
        )


def _at_the_turnstile(due: Sequence[Busy]) -> list[Busy]:
    """Those of *due* that no other worker is claiming or recording for."""
    turnstile.build({each.webhook_id for each in due if not each.has_health})
    mine = turnstile.hold_if_free([each.webhook_id for each in due])
    return [each for each in due if each.webhook_id in mine]


def _room(mine: Sequence[Busy], *, limit: int, now: datetime) -> dict[int, int]:
    """How many more may be in flight, per webhook."""
    ids = [webhook.webhook_id for webhook in mine]
    if not ids:
        return {}
    in_flight = execute(
        "SELECT webhook_id, count(*) FROM deliveries_delivery"  # noqa: S608
        f" WHERE is_leased AND due_at > %s AND webhook_id IN {marks(ids)}"
        " GROUP BY webhook_id",
        [now, *ids],
    )
    room = dict.fromkeys(ids, limit)
    for webhook_id, count in in_flight:
        room[webhook_id] -= count
    return {webhook_id: free for webhook_id, free in room.items() if free > 0}


def _candidates(
    mine: Sequence[Busy], room: Mapping[int, int], *, now: datetime
) -> list[Candidate]:
    asked = [webhook for webhook in mine if webhook.webhook_id in room]
    if not asked:
        return []
    values: list[object] = []
    for webhook in asked:
        limit = room[webhook.webhook_id] + LOOK_AHEAD
        values += [webhook.webhook_id, now, webhook.is_active, limit]
    rows = execute(" UNION ALL ".join([_CANDIDATES] * len(asked)), values)
    return [Candidate(*row) for row in rows]


def _park(delivery_ids: Sequence[int], *, now: datetime) -> None:
    """They wait; recording the end of the one before them makes them due again."""
    if delivery_ids:
        execute(_PARK.format(marks(delivery_ids)), [False, *delivery_ids, now])


def _fit(
    candidates: Sequence[Candidate], limits: Limits, *, now: datetime
) -> list[Candidate]:
    """Those that may go out now; what has killed too many workers ends here."""
    first = [each for each in candidates if not each.is_behind]
    torn = judge([each.delivery_id for each in first if each.was_leased])
    give_up(torn.poison, lease=limits.lease, now=now)
    return [
        each
        for each in first
        if each.delivery_id not in torn.poison
        and (each.delivery_id in torn.suspect) == limits.alone
    ]


def _chosen(
    candidates: Sequence[Candidate], room: Mapping[int, int], *, total: int
) -> list[Candidate]:
    left = dict(room)
    chosen = []
    for candidate in candidates:
        if left[candidate.webhook_id] > 0:
            left[candidate.webhook_id] -= 1
            chosen.append(candidate)
    return chosen[:total]


def _lease(
    delivery_ids: Sequence[int], *, until: datetime, now: datetime
) -> list[Claimed]:
    sql = _LEASE.format(marks(delivery_ids))
    rows = {row[0]: row for row in execute(sql, [until, True, *delivery_ids, now])}
    # In the order of the round: who is sent to last is asked last the next time.
    return [_claimed(*rows[pk]) for pk in delivery_ids if pk in rows]


def _claimed(delivery_id: int, stored_uid: Any, *rest: Any) -> Claimed:
    event_id, webhook_id, sequence, attempts_made, order_key, is_test = rest
    return Claimed(
        delivery_id=delivery_id,
        uid=uid(stored_uid),
        event_id=event_id,
        webhook_id=webhook_id,
        sequence=sequence,
        attempts_made=attempts_made,
        order_key=order_key,
        is_test=bool(is_test),
    )
