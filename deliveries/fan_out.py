"""Who gets an event: who subscribes and wants it by their filter, but not its subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliveries.event_rows import Recipient, key_of
from deliveries.facts import WEBHOOK
from deliveries.filtering import who_want
from subscriptions.matching import webhooks_for, webhooks_named
from subscriptions.profiles import profile as profile_named

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from deliveries.event_rows import Recipients
    from deliveries.models import Event
    from subscriptions.profiles import EventTypeDefinition, Policy


def recipients_of(
    events: Collection[Event], types: Mapping[str, EventTypeDefinition]
) -> Recipients:
    """Each webhook that wants the event; one query, however many events there are."""
    # Who subscribes to a type has its profile.
    policies = {
        name: profile_named(known.profile).policy for name, known in types.items()
    }
    wanted = webhooks_for({(event.subsidiary_id, event.type) for event in events})
    themselves = webhooks_named(
        event.entity_id for event in events if event.entity_type == WEBHOOK
    )
    return {
        key_of(event): [
            Recipient(
                taker.webhook_id,
                order_key=_order_key(event, policies[event.type]),
                retries_yield=policies[event.type].firsts_before_retries,
            )
            for taker in who_want(
                event, wanted.get((event.subsidiary_id, event.type), ())
            )
            # Nobody is told about itself.
            if taker.webhook_id != themselves.get(event.entity_id)
        ]
        for event in events
    }


def _order_key(event: Event, policy: Policy) -> str:
    in_order = policy.ordered_per_entity and event.tenant.delivers_in_order
    return event.entity_id if in_order else ""
