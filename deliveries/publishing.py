"""Publish events: the event and its deliveries, in the caller's own transaction."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from deliveries.commit_order import keep_commit_order
from deliveries.entity_changes import facts_of_change
from deliveries.event_rows import (
    Key,
    Recipient,
    insert_deliveries,
    key_of,
    store_events,
)
from deliveries.facts import WEBHOOK, Fact, event_of, refuse_invalid
from deliveries.filtering import who_want
from deliveries.models import Delivery, Event
from deliveries.queue import wake_workers
from deliveries.spans import span
from deliveries.wire.tracing import accepted, trace_of
from subscriptions.catalogue import definitions_named
from subscriptions.matching import webhooks_for, webhooks_named
from subscriptions.profiles import profile as profile_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from deliveries.spans import Span
    from subscriptions.models import Subsidiary, Tenant
    from subscriptions.profiles import EventTypeDefinition, Policy

# Of one batch; more events than these share one.
MAX_LINES = 10

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Publication:
    """The event as stored. Not *is_new*: its id was published before."""

    event: Event
    deliveries: int
    is_new: bool


def publish(
    *,
    tenant: Tenant,
    subsidiary: Subsidiary,
    type: str,  # noqa: A002 (the contract's name)
    data: dict[str, Any],
    **rest: Any,
) -> Publication:
    """Publish one fact; the keywords are those of Fact.

    Joins the caller's transaction: rolled back with it, delivered after its commit.
    Raises UnknownEventTypes, InvalidData and InvalidEventId; then nothing is stored.
    """
    fact = Fact(tenant=tenant, subsidiary=subsidiary, type=type, data=data, **rest)
    return publish_batch([fact])[0]


def publish_batch(facts: Sequence[Fact]) -> list[Publication]:
    """Publish all of *facts* or, when one of them is refused, none. Keeps their order."""
    parent = accepted(facts[0].traceparent) if facts else ""
    with span("publish", parent=parent) as opened:
        publications = _publish(_within(opened, facts, parent))
        opened.note(
            webhooks__tenant=facts[0].tenant.company_code if facts else None,
            webhooks__event=publications[0].event.public_id if facts else None,
            webhooks__count=len(publications),
            webhooks__deliveries=sum(each.deliveries for each in publications),
        )
    return publications


def _within(opened: Span, facts: Sequence[Fact], parent: str) -> Sequence[Fact]:
    """Those of the trace that *opened* goes on in; a batch may have facts of others."""
    own = opened.traceparent
    if not own:
        return facts
    return [
        replace(fact, traceparent=own) if accepted(fact.traceparent) == parent else fact
        for fact in facts
    ]


@transaction.atomic
def _publish(facts: Sequence[Fact]) -> list[Publication]:
    types = definitions_named({fact.type for fact in facts})
    refuse_invalid(facts, types)
    keep_commit_order(facts)
    now = timezone.now()
    events = [event_of(fact, types[fact.type], now=now) for fact in facts]
    stored = store_events(events, now=now)
    new = [e for e in events if stored[key_of(e)] is e]
    counts = _fan_out(new, types, now=now) + _sent_before(stored.values(), new)
    publications = [_publication(event, stored, counts) for event in events]
    transaction.on_commit(partial(_announce, publications))
    transaction.on_commit(wake_workers)
    return publications


def publish_change(
    *,
    tenant: Tenant,
    subsidiary: Subsidiary,
    entity: str,
    data: dict[str, Any],
    previous: dict[str, Any] | None = None,
    **rest: Any,
) -> list[Publication]:
    """Publish a write to an entity, such as "load": that it changed, and its status.

    *data* and *previous* are its snapshots after and before; on create there was none.
    The first publication is that of the change; a second follows if the status is
    another one. The other keywords are those of facts_of_change. Raises UnknownEntity
    and what publish raises; then nothing is stored.
    """
    facts = facts_of_change(
        entity, data, previous, tenant=tenant, subsidiary=subsidiary, **rest
    )
    return publish_batch(facts)


def _fan_out(
    events: Sequence[Event],
    types: Mapping[str, EventTypeDefinition],
    *,
    now: datetime,
) -> Counter[int]:
    """One delivery for each webhook that wants the event; their count per event."""
    # Who subscribes to a type has its profile.
    policies = {
        name: profile_named(known.profile).policy for name, known in types.items()
    }
    wanted = webhooks_for({(event.subsidiary_id, event.type) for event in events})
    themselves = webhooks_named(
        event.entity_id for event in events if event.entity_type == WEBHOOK
    )
    recipients = [
        Recipient(
            event.pk,
            taker.webhook_id,
            order_key=_order_key(event, policies[event.type]),
            retries_yield=policies[event.type].firsts_before_retries,
        )
        for event in events
        for taker in who_want(event, wanted.get((event.subsidiary_id, event.type), ()))
        # Nobody is told about itself.
        if taker.webhook_id != themselves.get(event.entity_id)
    ]
    insert_deliveries(recipients, now=now)
    return Counter(recipient.event_id for recipient in recipients)


def _order_key(event: Event, policy: Policy) -> str:
    in_order = policy.ordered_per_entity and event.tenant.delivers_in_order
    return event.entity_id if in_order else ""


def _sent_before(stored: Iterable[Event], new: Sequence[Event]) -> Counter[int]:
    """The count of deliveries of each event that is not new."""
    repeated = {event.pk for event in stored} - {event.pk for event in new}
    if not repeated:
        return Counter()
    rows = Delivery.objects.filter(event__in=repeated, is_replay=False).order_by()
    return Counter(dict(rows.values_list("event").annotate(Count("pk"))))


def _publication(
    event: Event, stored: Mapping[Key, Event], counts: Counter[int]
) -> Publication:
    first = stored[key_of(event)]
    return Publication(first, deliveries=counts[first.pk], is_new=first is event)


def _announce(publications: Iterable[Publication]) -> None:
    """A line for each that is new; for many of them one."""
    new = [each for each in publications if each.is_new]
    if len(new) > MAX_LINES:
        fields = {
            "count": len(new),
            "first": new[0].event.public_id,
            "last": new[-1].event.public_id,
            "tenants": ",".join(sorted({e.event.tenant.company_code for e in new})),
            "deliveries": sum(each.deliveries for each in new),
        }
        logger.info("events.published", extra=fields)
        return
    for publication in new:
        event = publication.event
        fields = {
            "event": event.public_id,
            "type": event.type,
            "tenant": event.tenant.company_code,
            "deliveries": publication.deliveries,
            "trace": trace_of(event.traceparent),
        }
        logger.info("event.published", extra=fields)
