"""Which event types a webhook gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subscriptions.catalogue import event_types_named
from subscriptions.models import Subscription, Webhook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from subscriptions.models import EventType


def event_names(webhook: Webhook) -> list[str]:
    return [each.name for each in _event_types(webhook)]


def subscribe(webhook: Webhook, event_types: Iterable[EventType]) -> None:
    Subscription.objects.bulk_create(
        Subscription(webhook=webhook, event_type=event_type)
        for event_type in event_types
    )


def resubscribe(webhook: Webhook, events: Sequence[str]) -> None:
    known = {each.name: each for each in _event_types(webhook)}
    # A type that left the catalogue may stay where it is, but is not for new takers.
    known |= event_types_named(set(events) - known.keys(), profile=webhook.profile)
    webhook.subscriptions.all().delete()
    subscribe(webhook, (known[name] for name in events))


def _event_types(webhook: Webhook) -> list[EventType]:
    """In the order in which they were chosen."""
    chosen = webhook.subscriptions.select_related("event_type").order_by("pk")
    return [each.event_type for each in chosen]
