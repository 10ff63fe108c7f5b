"""Attempts whose worker died: we do not know what the receiver got, and say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliveries.models import Attempt, Delivery
from deliveries.policy.explanations import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Sequence

MESSAGE = "The worker stopped before it had recorded an answer."


def note_interrupted(delivery_ids: Sequence[int]) -> None:
    """Write down the attempt that each delivery's last lease was for.

    Called before the next lease, in its transaction. A late answer finds this row in
    its place and is dropped.
    """
    if not delivery_ids:
        return
    deliveries = Delivery.objects.filter(pk__in=delivery_ids)
    Attempt.objects.bulk_create(
        [_interrupted(each) for each in deliveries.select_related("event", "webhook")],
        ignore_conflicts=True,
    )


def _interrupted(delivery: Delivery) -> Attempt:
    return Attempt(
        delivery=delivery,
        webhook=delivery.webhook,
        sequence=delivery.claim_number,
        number=delivery.attempts_made + 1,
        event_type=delivery.event.type,
        status=Attempt.Status.FAILED,
        error_kind=INTERRUPTED,
        error_message=MESSAGE,
        url=delivery.webhook.url,
        is_test=delivery.is_test,
    )
