"""What waited for a webhook that was disabled or deleted ends, and is logged."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction

from deliveries.engine import turnstile
from deliveries.engine.counting import count_attempts
from deliveries.models import Attempt, Delivery
from deliveries.policy.error_kinds import DISABLED
from deliveries.statements import execute
from subscriptions.refusals import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from deliveries.engine.backlog import Busy

BATCH = 500
MESSAGE = sentence("The webhook was disabled or deleted before this was sent.")

# What is in flight is not touched: its record decides. Those behind another go first:
# only a pending row makes its webhook busy, so the last one must outlast them.
_SKIP = """
UPDATE deliveries_delivery
SET state = 4, due_at = NULL, is_leased = %s, ended_at = %s,
    claim_number = claim_number + 1
WHERE state IN (0, 1) AND id IN (
    SELECT id FROM deliveries_delivery
    WHERE webhook_id = %s AND state IN (0, 1) AND NOT (order_key = '') AND state = 1
    UNION ALL
    SELECT id FROM deliveries_delivery
    WHERE webhook_id = %s AND state = 0
    AND (%s OR NOT is_test) AND NOT (is_leased AND due_at > %s)
    LIMIT %s
)
RETURNING id
"""

logger = logging.getLogger(__name__)


def skip_stopped(busy: Iterable[Busy], *, now: datetime) -> int:
    """Skip a batch of what waits for each stopped webhook. Returns how many."""
    return sum(_skip(webhook, now=now) for webhook in busy if webhook.is_stopped)


def _skip(webhook: Busy, *, now: datetime) -> int:
    of_webhook = [webhook.webhook_id, webhook.webhook_id, webhook.is_deleted, now]
    with transaction.atomic(durable=True):
        turnstile.hold([webhook.webhook_id])
        rows = execute(_SKIP, [False, now, *of_webhook, BATCH])
        skipped = [delivery_id for (delivery_id,) in rows]
        deliveries = Delivery.objects.filter(pk__in=skipped).order_by("pk")
        entries = [
            _skipped(each, now=now)
            for each in deliveries.select_related("event", "webhook")
        ]
        count_attempts(Attempt.objects.bulk_create(entries))
    if skipped:
        fields = {"webhook": webhook.webhook_id, "count": len(skipped)}
        logger.info("deliveries.skipped", extra=fields)
    return len(skipped)


def _skipped(delivery: Delivery, *, now: datetime) -> Attempt:
    return Attempt.without_exchange(
        delivery,
        status=Attempt.Status.SKIPPED,
        error_kind=DISABLED,
        error_message=MESSAGE,
        started_at=now,
    )
