"""Which event types a webhook gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subscriptions.catalogue import event_types_named
from subscriptions.models import Subscription, Webhook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from subscriptions.models import EventType


def event_names(webhook: Webhook) -> list[str]:
    return sorted(webhook.subscriptions.values_list("event_type__name", flat=True))


def subscribe(webhook: Webhook, event_types: Iterable[EventType]) -> None:
    Subscription.objects.bulk_create(
        Subscription(webhook=webhook, event_type=event_type)
        for event_type in event_types
    )


def resubscribe(webhook: Webhook, events: Sequence[str]) -> None:
    present = set(event_names(webhook))
    # A type that left the catalogue may stay where it is, but is not for new takers.
    wanted = event_types_named(set(events) - present, profile=webhook.profile)
    dropped = present - set(events)
    webhook.subscriptions.filter(event_type__name__in=dropped).delete()
    subscribe(webhook, wanted.values())
