"""What might be claimed next: the question, and who steps back."""

from __future__ import annotations

from itertools import starmap
from typing import TYPE_CHECKING, NamedTuple

from deliveries.statements import among, ask_each, execute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from deliveries.engine.backlog import Busy
    from deliveries.statements import Row

# A claim looks this far past deliveries that must wait for one of their entity.
LOOK_AHEAD = 32

# SQLite uses a partial index only where its condition is repeated word for word.
_WHAT = """
SELECT id, webhook_id, is_leased, order_key <> '' AND EXISTS (
    SELECT 1 FROM deliveries_delivery earlier
    WHERE earlier.webhook_id = delivery.webhook_id
    AND earlier.order_key = delivery.order_key AND earlier.id < delivery.id
    AND earlier.state IN (0, 1) AND NOT (earlier.order_key = '')
) AS is_behind, CASE
    WHEN is_replay THEN 2 WHEN retries_yield AND attempts_made > 0 THEN 1 ELSE 0
END AS place
"""
_DUE = """
FROM deliveries_delivery delivery
WHERE state = 0 AND webhook_id = {} AND due_at <= {} AND (is_test OR {})
"""
_IN_ORDER = "ORDER BY due_at, id LIMIT {}"
_OLDEST = f"{_WHAT} {_DUE} {_IN_ORDER}"
# New events do not wait behind a recovery of old ones; and where the profile says so,
# not behind retries.
_FIRST = "AND retries_yield AND attempts_made = 0"
_IN_PLACE = f"""
SELECT id, webhook_id, is_leased, is_behind, place FROM (
    SELECT * FROM ({_WHAT}, due_at {_DUE} {_FIRST} {_IN_ORDER}) AS first
    UNION SELECT * FROM ({_WHAT}, due_at {_DUE} AND NOT is_replay {_IN_ORDER}) AS new
    UNION ALL SELECT * FROM ({_WHAT}, due_at {_DUE} AND is_replay {_IN_ORDER}) AS again
) AS candidate ORDER BY place, due_at, id LIMIT {{}}
"""  # noqa: S608 (our own words)
_TYPES = ("bigint", "timestamptz", "boolean", "integer")

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
    place: int

    @property
    def is_plain(self) -> bool:
        """Nothing need go before it, and nothing is wrong with it."""
        return not (self.was_leased or self.is_behind or self.place)


def find_candidates(
    mine: Sequence[Busy],
    room: Mapping[int, int],
    *,
    are_all_wanted: bool,
    now: datetime,
) -> list[Candidate]:
    """Those of each webhook that there is *room* for, and what they stand behind.

    *are_all_wanted*: not only those that would go next.
    """
    asked = [each for each in mine if each.webhook_id in room]
    if are_all_wanted:
        return _in_place(asked, room, now=now)
    oldest = _oldest(asked, room, now=now)
    # On most days nothing has to step back, and the plain question costs a fraction.
    unclear = {each.webhook_id for each in oldest if not each.is_plain}
    if not unclear:
        return oldest
    found = [each for each in oldest if each.webhook_id not in unclear]
    found += _in_place([e for e in asked if e.webhook_id in unclear], room, now=now)
    turns = {each.webhook_id: turn for turn, each in enumerate(asked)}
    return sorted(found, key=lambda each: turns[each.webhook_id])


def _oldest(
    asked: Sequence[Busy], room: Mapping[int, int], *, now: datetime
) -> list[Candidate]:
    questions = [_question(each, room[each.webhook_id], now=now) for each in asked]
    return _answers(_OLDEST, questions, *_TYPES)


def _in_place(
    asked: Sequence[Busy], room: Mapping[int, int], *, now: datetime
) -> list[Candidate]:
    """Past those that wait or are suspect, in the order in which they should go."""
    questions = []
    for each in asked:
        question = _question(each, room[each.webhook_id] + LOOK_AHEAD, now=now)
        questions.append(3 * question + question[-1:])
    return _answers(_IN_PLACE, questions, *3 * _TYPES, _TYPES[-1])


def _question(webhook: Busy, limit: int, *, now: datetime) -> Row:
    return webhook.webhook_id, now, webhook.is_active, limit


def _answers(sql: str, questions: Sequence[Row], *types: str) -> list[Candidate]:
    if not questions:
        return []
    return list(starmap(Candidate, ask_each(sql, questions, *types)))


def park(delivery_ids: Sequence[int], *, now: datetime) -> None:
    """They wait; recording the end of the one before them makes them due again."""
    if delivery_ids:
        these, ids = among(delivery_ids)
        execute(_PARK.format(these), [False, *ids, now])
