"""The next delivery of an entity becomes due when the one before it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliveries.statements import among, execute, table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    # A webhook and an order key.
    Entity = tuple[int, str]

# SQLite uses a partial index only where its condition is repeated word for word.
_PROMOTE = """
UPDATE deliveries_delivery SET state = 0, due_at = %s WHERE state = 1 AND id IN (
    SELECT (
        SELECT min(waiting.id) FROM deliveries_delivery waiting
        WHERE waiting.webhook_id = ended.column1 AND waiting.order_key = ended.column2
        AND waiting.state IN (0, 1) AND NOT (waiting.order_key = '')
        AND waiting.state = 1
    ) FROM {} AS ended
)
"""

# The index of the order holds all that this groups by.
_ORPHANS = """
SELECT id FROM deliveries_delivery WHERE state = 1 AND id IN (
    SELECT min(id) FROM deliveries_delivery
    WHERE state IN (0, 1) AND NOT (order_key = '')
    GROUP BY webhook_id, order_key
)
"""
_ADOPT = """
UPDATE deliveries_delivery SET state = 0, due_at = %s
WHERE state = 1 AND id {} RETURNING id
"""


def promote_who_waited(ended: Iterable[Entity], *, now: datetime) -> None:
    """Make the oldest that waits of each entity due. Behind the webhooks' turnstile."""
    entities = sorted({entity for entity in ended if entity[1]})
    if entities:
        values, parameters = table(entities, "bigint", "text")
        execute(_PROMOTE.format(values), [now, *parameters])


def promote_orphans(*, now: datetime) -> int:
    """Make due what waits behind nobody. No step of ours leaves such a row behind.

    Needs no turnstile: nothing can come before the oldest of an entity any more.
    """
    orphans = [delivery_id for (delivery_id,) in execute(_ORPHANS)]
    if not orphans:
        return 0
    these, ids = among(orphans)
    return len(execute(_ADOPT.format(these), [now, *ids]))
