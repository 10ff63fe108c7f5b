"""Operational events: what happens to a webhook, told to other webhooks.

Such an event names its webhook as its entity, and is never delivered to that one. An
attempt to deliver one causes no other: chains of webhooks that watch each other end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliveries.facts import WEBHOOK, Fact
from deliveries.publishing import publish_batch
from subscriptions.matching import webhooks_for
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from subscriptions.matching import Taker

FAILING = "webhook.failing"


def publish_about(webhook: Webhook, event_type: str, data: Mapping[str, Any]) -> None:
    """Publish an operational event about *webhook*, in the caller's transaction."""
    publish_batch([_fact(webhook, event_type, data)])


def publish_failing(began: Mapping[int, datetime]) -> None:
    """Tell of webhooks, by their ids, which have begun to fail; and when.

    An event for nobody is not stored: a receiver that fails every other time would fill
    the table with them.
    """
    found = Webhook.objects.select_related("tenant", "subsidiary").in_bulk(list(began))
    takers = webhooks_for({(each.subsidiary_id, FAILING) for each in found.values()})
    facts = [
        _fact(webhook, FAILING, {"failingSince": began[pk].isoformat()})
        for pk, webhook in sorted(found.items())
        if _others(takers[webhook.subsidiary_id, FAILING], pk)
    ]
    if facts:
        publish_batch(facts)


def _others(takers: Iterable[Taker], webhook_id: int) -> bool:
    return any(taker.webhook_id != webhook_id for taker in takers)


def _fact(webhook: Webhook, event_type: str, data: Mapping[str, Any]) -> Fact:
    about = {
        "webhookId": webhook.public_id,
        "webhookName": webhook.name,
        "url": webhook.url,
    }
    return Fact(
        tenant=webhook.tenant,
        subsidiary=webhook.subsidiary,
        type=event_type,
        data={**about, **data},
        entity_type=WEBHOOK,
        entity_id=webhook.public_id,
    )
