"""One worker at a time for each webhook: whoever claims, records or skips holds its row.

What is counted and ordered under that lock is exact over all nodes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deliveries.models import WebhookHealth
from deliveries.policy.disabling import Streak
from deliveries.statements import among, execute, insert_unless_present, row_lock

if TYPE_CHECKING:
    from collections.abc import Collection

    from deliveries.statements import Row


def hold(webhook_ids: Collection[int]) -> dict[int, Streak]:
    """Wait for the webhooks' rows; return the failures in a row of each."""
    rows = _locked(webhook_ids, "FOR NO KEY UPDATE")
    return {pk: Streak(length, _ends(stored)) for pk, length, stored in rows}


def hold_if_free(webhook_ids: Collection[int]) -> set[int]:
    """Hold the rows that nobody else holds; return those webhooks' ids."""
    rows = _locked(webhook_ids, "FOR NO KEY UPDATE SKIP LOCKED")
    return {webhook_id for webhook_id, *_ in rows}


def build(webhook_ids: Collection[int]) -> None:
    """Give webhooks that were never sent to their row."""
    if webhook_ids:
        rows = [
            {"webhook_id": webhook_id, "consecutive_failures": 0}
            for webhook_id in sorted(webhook_ids)
        ]
        insert_unless_present(WebhookHealth, rows)


def _ends(stored: str) -> tuple[int, ...]:
    # Most have none: reading that would cost more than seeing it.
    return () if stored == "[]" else tuple(json.loads(stored))


def _locked(webhook_ids: Collection[int], how: str) -> list[Row]:
    # In the order of their ids: nobody waits in a circle.
    these, ids = among(webhook_ids)
    return execute(
        "SELECT webhook_id, consecutive_failures, CAST(failed_at AS text)"  # noqa: S608
        f" FROM deliveries_webhookhealth WHERE webhook_id {these}"
        f" ORDER BY webhook_id {row_lock(how)}",
        ids,
    )
