"""Publish events: the event and its deliveries, in the caller's own transaction."""

from __future__ import annotations

import logging
import re
import zlib
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from deliveries.event_rows import (
    Key,
    Recipient,
    insert_deliveries,
    key_of,
    store_events,
)
from deliveries.models import Delivery, Event
from deliveries.policy.changes import forms
from deliveries.queue import wake_workers
from deliveries.wire.envelope import document_etag, envelope
from subscriptions.catalogue import definitions_named, problems_with
from subscriptions.clock import database_time
from subscriptions.identifiers import encode, new_uid
from subscriptions.matching import webhooks_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from subscriptions.models import Subsidiary, Tenant, Webhook
    from subscriptions.profiles import EventTypeDefinition

EVENT_ID = re.compile(r"[A-Za-z0-9_:.-]{1,128}")
DOCUMENTS = "Documents"
TEST = "webhook.test"

MAX_TESTS = 10
TESTS_PERIOD = timedelta(minutes=1)

# Of one batch; more events than these share one.
MAX_LINES = 10

# Publications of one entity commit one after the other, so that the order of the rows
# is the order of the commits. Entities share this many locks.
ORDER_LOCKS = 512
ORDER_LOCK_CLASS = 0x77686B

logger = logging.getLogger(__name__)


class InvalidData(ValueError):
    """The data of a fact does not match its event type. *index*: which of the batch."""

    def __init__(self, problems: Sequence[str], *, index: int = 0) -> None:
        self.problems = list(problems)
        self.index = index
        super().__init__(" ".join(self.problems))


class InvalidEventId(ValueError):
    def __init__(self, event_id: str) -> None:
        super().__init__(f"{event_id!r} is not an event id: {EVENT_ID.pattern}.")


class TooManyTests(ValueError):
    def __init__(self) -> None:
        super().__init__(f"A webhook takes at most {MAX_TESTS} tests a minute.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened. Without *id* it gets one, without *timestamp* now.

    *entity_id* names the entity whose events are delivered one after the other;
    *previous* is the snapshot before the change, to tell what has changed.
    """

    tenant: Tenant
    subsidiary: Subsidiary
    type: str
    data: dict[str, Any] = field(repr=False)
    id: str = ""
    timestamp: datetime | None = None
    entity_type: str = ""
    entity_id: str = ""
    previous: dict[str, Any] | None = field(default=None, repr=False)


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


@transaction.atomic
def publish_batch(facts: Sequence[Fact]) -> list[Publication]:
    """Publish all of *facts* or, when one of them is refused, none. Keeps their order."""
    types = definitions_named({fact.type for fact in facts})
    _refuse_invalid(facts, types)
    _keep_commit_order(facts)
    now = timezone.now()
    events = [_event(fact, types[fact.type], now=now) for fact in facts]
    stored = store_events(events, now=now)
    new = [e for e in events if stored[key_of(e)] is e]
    counts = _fan_out(new, now=now) + _sent_before(stored.values(), new)
    publications = [_publication(event, stored, counts) for event in events]
    transaction.on_commit(partial(_announce, publications))
    transaction.on_commit(wake_workers)
    return publications


@transaction.atomic
def publish_test(
    webhook: Webhook, *, event_type: str, requested_by: str = ""
) -> Delivery:
    """Send one signed test to *webhook* alone, whatever its status; it is not retried.

    Raises UnknownEventTypes and TooManyTests.
    """
    definition = definitions_named([event_type])[event_type]
    now = database_time()
    refuse_too_many_tests(webhook, now=now)
    fact = Fact(
        tenant=webhook.tenant,
        subsidiary=webhook.subsidiary,
        type=event_type,
        data=_test_data(webhook, definition, requested_by=requested_by),
    )
    event = _event(fact, definition, now=now)
    event.is_test = True
    event.save()
    delivery = Delivery.objects.create(
        event=event, webhook=webhook, is_test=True, due_at=now, created_at=now
    )
    transaction.on_commit(wake_workers)
    return delivery


def _refuse_invalid(
    facts: Sequence[Fact], types: Mapping[str, EventTypeDefinition]
) -> None:
    for index, fact in enumerate(facts):
        if fact.id and not EVENT_ID.fullmatch(fact.id):
            raise InvalidEventId(fact.id)
        if problems := problems_with(fact.data, types[fact.type]):
            raise InvalidData(problems, index=index)


def _keep_commit_order(facts: Iterable[Fact]) -> None:
    if connection.vendor != "postgresql":
        return  # SQLite lets in one writer at a time.
    ordered = [f for f in facts if f.entity_id and f.tenant.delivers_in_order]
    # Sorted, so that two batches never wait for each other in a circle.
    locks = sorted({_order_lock(fact) for fact in ordered})
    if locks:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, lock)"
                " FROM unnest(CAST(%s AS integer[])) AS lock",
                [ORDER_LOCK_CLASS, locks],
            )


def _order_lock(fact: Fact) -> int:
    return zlib.crc32(f"{fact.tenant.pk}:{fact.entity_id}".encode()) % ORDER_LOCKS


def _event(fact: Fact, event_type: EventTypeDefinition, *, now: datetime) -> Event:
    public_id = fact.id or encode("evt", new_uid())
    occurred_at = fact.timestamp or now
    is_document = event_type.group == DOCUMENTS
    enveloped = partial(
        envelope,
        event_id=public_id,
        event_type=fact.type,
        timestamp=occurred_at,
        etag=document_etag(public_id, fact.data) if is_document else None,
    )
    data = forms(fact.data, fact.previous, rules=event_type.diff_rules)
    with_previous = data.with_previous and enveloped(data=data.with_previous)
    return Event(
        tenant=fact.tenant,
        subsidiary=fact.subsidiary,
        public_id=public_id,
        type=fact.type,
        entity_type=fact.entity_type,
        entity_id=fact.entity_id,
        occurred_at=occurred_at,
        body=enveloped(data=data.plain),
        body_with_previous=with_previous,
        created_at=now,
    )


def _fan_out(events: Sequence[Event], *, now: datetime) -> Counter[int]:
    """One delivery for each webhook that wants the event; their count per event."""
    wanted = webhooks_for({(event.subsidiary_id, event.type) for event in events})
    recipients = [
        Recipient(event.pk, webhook_id, _order_key(event))
        for event in events
        for webhook_id in wanted.get((event.subsidiary_id, event.type), ())
    ]
    insert_deliveries(recipients, now=now)
    return Counter(recipient.event_id for recipient in recipients)


def _order_key(event: Event) -> str:
    return event.entity_id if event.tenant.delivers_in_order else ""


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
        }
        logger.info("event.published", extra=fields)


def refuse_too_many_tests(webhook: Webhook, *, now: datetime) -> None:
    """Raises TooManyTests. Holds the webhook until the transaction ends."""
    # The lock makes the count true: two requests cannot both be the tenth.
    type(webhook).objects.select_for_update(no_key=True).get(pk=webhook.pk)
    tests = Delivery.objects.filter(webhook=webhook, is_test=True)
    if tests.filter(created_at__gt=now - TESTS_PERIOD).count() >= MAX_TESTS:
        raise TooManyTests


def _test_data(
    webhook: Webhook, event_type: EventTypeDefinition, *, requested_by: str
) -> dict[str, Any]:
    data: dict[str, Any] = deepcopy(dict(event_type.sample))
    if event_type.name == TEST:
        data |= {"webhookId": webhook.public_id, "requestedBy": requested_by or None}
    return data
