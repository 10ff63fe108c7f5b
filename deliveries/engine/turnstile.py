"""One worker at a time for each webhook: whoever claims, records or skips holds its row.

What is counted and ordered under that lock is exact over all nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliveries.models import WebhookHealth
from deliveries.statements import among, execute, insert_unless_present, row_lock

if TYPE_CHECKING:
    from collections.abc import Collection


def hold(webhook_ids: Collection[int]) -> dict[int, int]:
    """Wait for the webhooks' rows; return the failures in a row of each."""
    return dict(_locked(webhook_ids, "FOR NO KEY UPDATE"))


def hold_if_free(webhook_ids: Collection[int]) -> set[int]:
    """Hold the rows that nobody else holds; return those webhooks' ids."""
    rows = _locked(webhook_ids, "FOR NO KEY UPDATE SKIP LOCKED")
    return {webhook_id for webhook_id, _ in rows}


def build(webhook_ids: Collection[int]) -> None:
    """Give webhooks that were never sent to their row."""
    if webhook_ids:
        rows = [
            {"webhook_id": webhook_id, "consecutive_failures": 0}
            for webhook_id in sorted(webhook_ids)
        ]
        insert_unless_present(WebhookHealth, rows)


def _locked(webhook_ids: Collection[int], how: str) -> list[tuple[int, int]]:
    # In the order of their ids: nobody waits in a circle.
    these, ids = among(webhook_ids)
    rows = execute(
        "SELECT webhook_id, consecutive_failures FROM deliveries_webhookhealth"  # noqa: S608
        f" WHERE webhook_id {these} ORDER BY webhook_id {row_lock(how)}",
        ids,
    )
    return [(webhook_id, failures) for webhook_id, failures in rows]
