"""The search index of payloads, kept in the background.

To index a payload costs more than to publish it, so the sweep does it, a slice at a
time. What it has not come to yet is searched directly (`deliveries.logs.searching`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Max

from deliveries.models import Event, EventText, PayloadIndex
from deliveries.statements import execute

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import timedelta

# SQLite has others wait for a batch to be written.
BATCH = 200
# Ids are given before the commit: an event may appear below others that are there. All
# is in the order of commits up to an id that was the last when the transactions that
# ran then have ended.
_SNAPSHOT = """
SELECT coalesce((SELECT max(id) FROM deliveries_event), 0),
    CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint),
    CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)
"""
_BATCH_END = """
SELECT max(id) FROM (
    SELECT id FROM deliveries_event WHERE id > %s AND id <= %s ORDER BY id LIMIT %s
) AS batch
"""
_INSERT = """
INSERT INTO deliveries_eventtext (event_id, tenant_id, text)
SELECT id, tenant_id, entity_id || '\n' || {} FROM deliveries_event
WHERE id > %s AND id <= %s ORDER BY id ON CONFLICT DO NOTHING
"""
_SAID = {
    "postgresql": "convert_from(coalesce(body_with_previous, body), 'UTF8')",
    "sqlite": "CAST(coalesce(body_with_previous, body) AS TEXT)",
}
# Events are deleted from the oldest on.
_FORGET = """
DELETE FROM deliveries_eventtext
WHERE event_id < (SELECT min(id) FROM deliveries_event)
"""


def index_payloads(
    *, patience: timedelta, is_told_to_stop: Callable[[], bool] = lambda: False
) -> bool:
    """Go on where the last call stopped; True: nothing is left that could be indexed.

    May run twice at once, or die anywhere: a batch and its note are one transaction.
    """
    until = time.monotonic() + patience.total_seconds()
    _look()
    execute(_FORGET)
    while _index_batch():
        if time.monotonic() >= until or is_told_to_stop():
            return False
    return True


def forget_payloads(events: Collection[int]) -> None:
    """For who deletes events, in the same transaction: nothing of them is kept.

    What was deleted without it is forgotten once all older events are gone.
    """
    EventText.objects.filter(pk__in=events).delete()


def _look() -> None:
    """Note up to which event all that was published can be seen."""
    row, _ = PayloadIndex.objects.get_or_create(pk=1)
    seen = PayloadIndex.objects.filter(pk=1, horizon=row.horizon)
    if connection.vendor != "postgresql":
        # One writer at a time: ids are in the order of commits.
        last = Event.objects.aggregate(last=Max("pk"))["last"] or 0
        seen.update(safe_to=last)
        return
    ((last, oldest, following),) = execute(_SNAPSHOT)
    if oldest >= row.horizon:
        seen.update(safe_to=row.candidate, candidate=last, horizon=following)


@transaction.atomic(durable=True)
def _index_batch() -> bool:
    """Index the next few events; False: there are none, or somebody else did."""
    row = PayloadIndex.objects.get(pk=1)
    ((last,),) = execute(_BATCH_END, [row.reaches_to, row.safe_to, BATCH])
    if last is None:
        return False
    mine = PayloadIndex.objects.filter(pk=1, reaches_to=row.reaches_to)
    if mine.update(reaches_to=last) == 0:
        return False
    execute(_INSERT.format(_SAID[connection.vendor]), [row.reaches_to, last])
    return True
