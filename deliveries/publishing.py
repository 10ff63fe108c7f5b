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

from django.db import IntegrityError, connection, transaction
from django.db.models import Count
from django.db.models.functions import Now
from django.utils import timezone

from deliveries.models import Delivery, Event
from deliveries.policy.changes import forms
from deliveries.queue import wake_workers
from deliveries.wire.envelope import document_etag, envelope
from subscriptions.catalogue import diff_rules_of, event_types_named, problems_with
from subscriptions.clock import database_time
from subscriptions.identifiers import encode, new_uid
from subscriptions.matching import webhooks_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from subscriptions.models import EventType, Subsidiary, Tenant, Webhook

EVENT_ID = re.compile(r"[A-Za-z0-9_:.-]{1,128}")
DOCUMENTS = "Documents"
TEST = "webhook.test"

MAX_TESTS = 10
TESTS_PERIOD = timedelta(minutes=1)

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
    types = event_types_named({fact.type for fact in facts})
    _refuse_invalid(facts, types)
    _keep_commit_order(facts)
    now = timezone.now()
    events = [_event(fact, types[fact.type], now=now) for fact in facts]
    stored = _store(events)
    new = [e for e in events if stored[_key(e)] is e]
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
    definition = event_types_named([event_type])[event_type]
    now = database_time()
    _refuse_too_many_tests(webhook, now=now)
    fact = Fact(
        tenant=webhook.tenant,
        subsidiary=webhook.subsidiary,
        type=event_type,
        data=_test_data(webhook, definition, requested_by=requested_by),
    )
    event = _event(fact, definition, now=now)
    event.is_test = True
    event.save()
    delivery = _delivery(event, webhook.pk, now=now)
    delivery.is_test = True
    delivery.order_key = ""
    delivery.save()
    transaction.on_commit(wake_workers)
    return delivery


def _refuse_invalid(facts: Sequence[Fact], types: Mapping[str, EventType]) -> None:
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


def _event(fact: Fact, event_type: EventType, *, now: datetime) -> Event:
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
    data = forms(fact.data, fact.previous, rules=diff_rules_of(event_type))
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


Key = tuple[int, str]


def _key(event: Event) -> Key:
    return event.tenant_id, event.public_id


def _store(events: Sequence[Event]) -> dict[Key, Event]:
    """Insert the events whose id is new; return what now stands under each id."""
    stored = _stored_before(events)
    new = [e for e in events if stored.setdefault(_key(e), e) is e]
    try:
        with transaction.atomic():
            Event.objects.bulk_create(new)
    except IntegrityError:
        # Another process published one of the ids after we had looked.
        return _store(events)
    return stored


def _stored_before(events: Iterable[Event]) -> dict[Key, Event]:
    rows = Event.objects.filter(
        tenant__in={event.tenant_id for event in events},
        public_id__in=[event.public_id for event in events],
    )
    return {_key(row): row for row in rows.defer("body", "body_with_previous")}


def _fan_out(events: Sequence[Event], *, now: datetime) -> Counter[int]:
    """One delivery for each webhook that wants the event; their count per event."""
    wanted = webhooks_for({(event.subsidiary_id, event.type) for event in events})
    deliveries = [
        _delivery(event, webhook_id, now=now)
        for event in events
        for webhook_id in wanted.get((event.subsidiary_id, event.type), ())
    ]
    Delivery.objects.bulk_create(deliveries)
    return Counter(delivery.event_id for delivery in deliveries)


def _sent_before(stored: Iterable[Event], new: Sequence[Event]) -> Counter[int]:
    """The count of deliveries of each event that is not new."""
    repeated = {event.pk for event in stored} - {event.pk for event in new}
    if not repeated:
        return Counter()
    rows = Delivery.objects.filter(event__in=repeated, is_replay=False).order_by()
    return Counter(dict(rows.values_list("event").annotate(Count("pk"))))


def _delivery(event: Event, webhook_id: int, *, now: datetime) -> Delivery:
    return Delivery(
        event=event,
        webhook_id=webhook_id,
        order_key=event.entity_id if event.tenant.delivers_in_order else "",
        # By the clock of the engine, whatever this node's own clock says.
        due_at=Now(),
        created_at=now,
    )


def _publication(
    event: Event, stored: Mapping[Key, Event], counts: Counter[int]
) -> Publication:
    first = stored[_key(event)]
    return Publication(first, deliveries=counts[first.pk], is_new=first is event)


def _announce(publications: Iterable[Publication]) -> None:
    for publication in publications:
        if publication.is_new:
            event = publication.event
            fields = {
                "event": event.public_id,
                "type": event.type,
                "tenant": event.tenant.company_code,
                "deliveries": publication.deliveries,
            }
            logger.info("event.published", extra=fields)


def _refuse_too_many_tests(webhook: Webhook, *, now: datetime) -> None:
    # The lock makes the count true: two requests cannot both be the tenth.
    type(webhook).objects.select_for_update(no_key=True).get(pk=webhook.pk)
    tests = Delivery.objects.filter(webhook=webhook, is_test=True)
    if tests.filter(created_at__gt=now - TESTS_PERIOD).count() >= MAX_TESTS:
        raise TooManyTests


def _test_data(
    webhook: Webhook, event_type: EventType, *, requested_by: str
) -> dict[str, Any]:
    data: dict[str, Any] = deepcopy(event_type.sample)
    if event_type.name == TEST:
        data |= {"webhookId": webhook.public_id, "requestedBy": requested_by or None}
    return data
