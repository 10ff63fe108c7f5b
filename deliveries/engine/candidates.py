"""What might be claimed next: the question, and who steps back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deliveries.statements import among, ask_each, execute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from deliveries.engine.backlog import Busy

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


class Candidate(NamedTuple):
    delivery_id: int
    webhook_id: int
    was_leased: bool
    is_behind: bool


def find_candidates(
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


def park(delivery_ids: Sequence[int], *, now: datetime) -> None:
    """They wait; recording the end of the one before them makes them due again."""
    if delivery_ids:
        these, ids = among(delivery_ids)
        execute(_PARK.format(these), [False, *ids, now])
