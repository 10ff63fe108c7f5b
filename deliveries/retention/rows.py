"""Deleting by key, in the transaction of the caller, and without haste."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.db import connection

from deliveries.payload_index import forget_payloads
from deliveries.statements import among, execute, row_lock

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from django.db.models import Model

# Deliveries or events in a transaction. SQLite has one writer at a time: everybody who
# publishes waits for it, and who waits looks only now and then whether it is free.
BATCH, BATCH_OF_SQLITE = 500, 30
# The pause after a step, as a multiple of how long it took.
PAUSE, PAUSE_OF_SQLITE = 1, 3
SHORTEST_PAUSE = 0.01

_DELETE_EVENTS = """
DELETE FROM deliveries_event WHERE id {} AND created_at < %s AND NOT EXISTS (
    SELECT 1 FROM deliveries_delivery WHERE event_id = deliveries_event.id
)
RETURNING id
"""


def batch_size() -> int:
    return BATCH if connection.vendor == "postgresql" else BATCH_OF_SQLITE


def rest(took: float) -> None:
    """Leave the database to others, after a step of so many seconds."""
    pause = PAUSE if connection.vendor == "postgresql" else PAUSE_OF_SQLITE
    time.sleep(max(pause * took, SHORTEST_PAUSE))


def delete_rows(model: type[Model], keys: Collection[int]) -> None:
    """Without Django's look for what points there: the database refuses that anyway."""
    if not keys:
        return
    these, values = among(keys)
    meta = model._meta  # noqa: SLF001 (Django's documented API)
    execute(f"DELETE FROM {meta.db_table} WHERE {meta.pk.column} {these}", values)  # noqa: S608


def lock_events(keys: Collection[int]) -> list[int]:
    """Hold those that nobody holds: to none of them a delivery can be added now."""
    if not keys:
        return []
    these, values = among(keys)
    sql = f"SELECT id FROM deliveries_event WHERE id {these} ORDER BY id"  # noqa: S608
    rows = execute(f"{sql} {row_lock('FOR UPDATE SKIP LOCKED')}", values)
    return [pk for (pk,) in rows]


def delete_unused_events(keys: Collection[int], cutoff: datetime) -> int:
    """Those of before *cutoff* that no delivery needs; how many that were.

    The database looks at deliveries after the lock: one that came before keeps its
    event.
    """
    held = lock_events(keys)
    if not held:
        return 0
    these, values = among(held)
    deleted = execute(_DELETE_EVENTS.format(these), [*values, cutoff])
    forget_payloads([pk for (pk,) in deleted])
    return len(deleted)
