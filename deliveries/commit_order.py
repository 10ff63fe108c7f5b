"""Publications of one entity commit one after the other.

So the order of their rows is the order of their commits.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from django.db import connection

from deliveries.statements import NOTHING, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliveries.facts import Fact

# Entities share this many locks.
ORDER_LOCKS = 512
ORDER_LOCK_CLASS = 0x77686B

_LOCK = """
SELECT pg_advisory_xact_lock(%s, lock) FROM unnest(CAST(%s AS integer[])) AS lock;
"""


def entity_locks(facts: Iterable[Fact]) -> Statement:
    """What waits for others who publish of the same entities, until they have ended.

    It goes ahead of the statement that draws ids and the transaction's number.
    """
    if connection.vendor != "postgresql":
        return NOTHING  # SQLite lets in one writer at a time.
    ordered = [f for f in facts if f.entity_id and f.tenant.delivers_in_order]
    # Sorted, so that two batches never wait for each other in a circle.
    locks = sorted({_order_lock(fact) for fact in ordered})
    return Statement(_LOCK, [ORDER_LOCK_CLASS, locks]) if locks else NOTHING


def _order_lock(fact: Fact) -> int:
    return zlib.crc32(f"{fact.tenant.pk}:{fact.entity_id}".encode()) % ORDER_LOCKS
