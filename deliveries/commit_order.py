"""Publications of one entity commit one after the other.

So the order of their rows is the order of their commits.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliveries.facts import Fact

# Entities share this many locks.
ORDER_LOCKS = 512
ORDER_LOCK_CLASS = 0x77686B


def keep_commit_order(facts: Iterable[Fact]) -> None:
    if connection.vendor != "postgresql":
        return  # SQLite lets in one writer at a time.
    ordered = [f for f in facts if f.entity_id and f.tenant.delivers_in_order]
    # Sorted, so that two batches never wait for each other in a circle.
    locks = sorted({_order_lock(fact) for fact in ordered})
    if locks:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, lock)"
                " FROM unnest(CAST(%s AS integer[])) AS lock",
                [ORDER_LOCK_CLASS, locks],
            )


def _order_lock(fact: Fact) -> int:
    return zlib.crc32(f"{fact.tenant.pk}:{fact.entity_id}".encode()) % ORDER_LOCKS
