"""A delivery that one worker holds, until it is recorded, given back or overdue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deliveries.statements import among, execute, table, uid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from deliveries.engine.candidates import Candidate
    from deliveries.engine.ordering import Entity
    from deliveries.statements import Row

# "state + 0": see candidates.
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


def lease(
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


def give_back(unsent: Sequence[Claimed], *, now: datetime) -> None:
    """What was claimed and not sent is due for whoever comes first."""
    if unsent:
        rows = [(each.delivery_id, each.sequence) for each in unsent]
        values, parameters = table(rows, "bigint", "integer")
        execute(_GIVE_BACK.format(values), [now, False, *parameters])


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
