"""Publish events: the event and its deliveries, in the caller's own transaction."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from deliveries.commit_order import entity_locks
from deliveries.entity_changes import facts_of_change
from deliveries.event_rows import key_of, store_events
from deliveries.facts import Fact, event_of, refuse_invalid
from deliveries.fan_out import recipients_of
from deliveries.models import Delivery
from deliveries.publications import Publication, announce
from deliveries.queue import wake_workers
from deliveries.spans import span
from deliveries.wire.tracing import accepted
from subscriptions.catalogue import definitions_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from deliveries.event_rows import Key, Recipients
    from deliveries.models import Event
    from deliveries.spans import Span
    from subscriptions.models import Subsidiary, Tenant


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


def _publish(facts: Sequence[Fact]) -> list[Publication]:
    types = definitions_named({fact.type for fact in facts})
    refuse_invalid(facts, types)
    now = timezone.now()
    events = [event_of(fact, types[fact.type], now=now) for fact in facts]
    first: dict[Key, Event] = {}
    for event in events:
        first.setdefault(key_of(event), event)
    with _whole(events):
        recipients = recipients_of(first.values(), types)
        stored = store_events(first, recipients, now=now, ahead=entity_locks(facts))
        before = _sent_before(
            stored[key] for key in first if stored[key] is not first[key]
        )
        publications = [
            _publication(event, stored, recipients, before) for event in events
        ]
        transaction.on_commit(partial(announce, publications))
        transaction.on_commit(wake_workers)
    return publications


def _whole(events: Sequence[Event]) -> AbstractContextManager[None]:
    """All of them or none. One alone is one message to PostgreSQL: whole by itself."""
    is_one = len(events) == 1 and connection.vendor == "postgresql"
    if is_one and connection.get_autocommit():
        return nullcontext()
    # A refusal comes before this. What the database refuses undoes the caller's work,
    # too: that needs no savepoint.
    return transaction.atomic(savepoint=False)


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


def _publication(
    event: Event,
    stored: Mapping[Key, Event],
    recipients: Recipients,
    sent_before: Mapping[int, int],
) -> Publication:
    key = key_of(event)
    first = stored[key]
    count = sent_before.get(first.pk, len(recipients[key]))
    return Publication(first, deliveries=count, is_new=first is event)


def _sent_before(events: Iterable[Event]) -> dict[int, int]:
    """The count of deliveries of each of *events*, which are not new."""
    found = {event.pk: 0 for event in events}
    if found:
        rows = Delivery.objects.filter(event__in=found, is_replay=False).order_by()
        found |= dict(rows.values_list("event").annotate(Count("pk")))
    return found
