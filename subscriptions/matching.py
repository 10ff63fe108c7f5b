"""Who wants an event: the one question that fan-out asks."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from subscriptions.models import Subscription, Webhook

if TYPE_CHECKING:
    from collections.abc import Collection

Interest = tuple[int, str]


def webhooks_for(interests: Collection[Interest]) -> dict[Interest, list[int]]:
    """For each (subsidiary id, event type name), the ids of the active webhooks.

    One query, however many are asked for.
    """
    rows = Subscription.objects.filter(
        webhook__status=Webhook.Status.ACTIVE,
        webhook__deleted_at=None,
        webhook__subsidiary__in={subsidiary for subsidiary, _ in interests},
        event_type__name__in={name for _, name in interests},
    ).values_list("webhook__subsidiary", "event_type__name", "webhook")
    found: dict[Interest, list[int]] = defaultdict(list)
    for subsidiary, name, webhook in rows.order_by("webhook"):
        found[subsidiary, name].append(webhook)
    return found
