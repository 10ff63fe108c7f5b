"""Deliveries of a recovery, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deliveries.event_rows import PENDING
from deliveries.models import Delivery
from deliveries.statements import insert_unless_present
from subscriptions.identifiers import new_uid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from deliveries.models import Recovery


class Replay(NamedTuple):
    """An event that goes to a webhook again, and when it may."""

    event_id: int
    due_at: datetime


def insert_replays(
    replays: Iterable[Replay], *, recovery: Recovery, now: datetime
) -> None:
    """Insert a delivery of *recovery* for each of *replays*, in their order."""
    rows = [
        {
            "uid": new_uid().hex,
            "event_id": replay.event_id,
            "webhook_id": recovery.webhook_id,
            "due_at": replay.due_at,
        }
        for replay in replays
    ]
    # Without an order key: it waits for nothing of its entity, nothing waits for it.
    again = {"is_replay": True, "recovery_id": recovery.pk, "order_key": ""}
    insert_unless_present(Delivery, rows, alike={**PENDING, **again, "created_at": now})
