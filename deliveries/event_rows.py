"""Events and their deliveries, as rows: a batch of either is one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deliveries.models import Delivery, Event
from deliveries.statements import insert_unless_present, time_of_statement
from subscriptions.identifiers import new_uid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from deliveries.models import Recovery

Key = tuple[int, str]

_PENDING = {
    "state": Delivery.State.PENDING.value,
    "is_leased": False,
    "claim_number": 0,
    "attempts_made": 0,
    "is_test": False,
    "is_replay": False,
}


class Replay(NamedTuple):
    """An event that goes to a webhook again, and when it may."""

    event_id: int
    due_at: datetime


class Recipient(NamedTuple):
    """A webhook that gets an event, and behind whose events it waits there.

    *retries_yield*: should it fail, first attempts go before its retries.
    """

    event_id: int
    webhook_id: int
    order_key: str
    retries_yield: bool = False


def key_of(event: Event) -> Key:
    return event.tenant_id, event.public_id


def store_events(events: Iterable[Event], *, now: datetime) -> dict[Key, Event]:
    """Insert the events whose id is new; return what now stands under each id."""
    waiting: dict[Key, Event] = {}
    for event in events:
        waiting.setdefault(key_of(event), event)
    stored: dict[Key, Event] = {}
    while waiting:
        new = _insert_events(waiting, now=now)
        # The others were there, or another process was a moment faster. What has been
        # removed since then is tried anew.
        found = new | _stored_before(waiting.keys() - new.keys())
        stored |= found
        waiting = {key: waiting[key] for key in waiting if key not in found}
    return stored


def _insert_events(events: Mapping[Key, Event], *, now: datetime) -> dict[Key, Event]:
    rows = [
        {
            "tenant_id": event.tenant_id,
            "subsidiary_id": event.subsidiary_id,
            "public_id": event.public_id,
            "type": event.type,
            "entity_type": event.entity_type,
            "entity_id": event.entity_id,
            "occurred_at": event.occurred_at,
            "body": event.body,
            "body_with_previous": event.body_with_previous,
            "full_body": event.full_body,
            "traceparent": event.traceparent,
        }
        for event in events.values()
    ]
    inserted = insert_unless_present(
        Event,
        rows,
        alike={"is_test": False, "created_at": now},
        returning="id, tenant_id, public_id",
    )
    found: dict[Key, Event] = {}
    for pk, tenant_id, public_id in inserted:
        event = events[tenant_id, public_id]
        event.pk, event._state.adding = pk, False  # noqa: SLF001 (as after save())
        found[tenant_id, public_id] = event
    return found


def _stored_before(keys: Collection[Key]) -> dict[Key, Event]:
    if not keys:
        return {}
    rows = Event.objects.filter(
        tenant__in={tenant_id for tenant_id, _ in keys},
        public_id__in=[public_id for _, public_id in keys],
    ).defer("body", "body_with_previous", "full_body")
    return {key_of(row): row for row in rows if key_of(row) in keys}


def insert_deliveries(recipients: Iterable[Recipient], *, now: datetime) -> None:
    """Insert a delivery for each of *recipients*, due now, in their order."""
    rows = [
        {
            "uid": new_uid().hex,
            "event_id": recipient.event_id,
            "webhook_id": recipient.webhook_id,
            "order_key": recipient.order_key,
            "retries_yield": recipient.retries_yield,
        }
        for recipient in recipients
    ]
    insert_unless_present(
        Delivery,
        rows,
        alike={**_PENDING, "due_at": time_of_statement(), "created_at": now},
    )


def insert_replays(
    replays: Iterable[Replay], *, recovery: Recovery, now: datetime
) -> None:
    """Insert a delivery of *recovery* for each of *replays*, in their order."""
    rows = [
        {
            "uid": new_uid().hex,
            "event_id": replay.event_id,
            "webhook_id": recovery.webhook_id,
            "due_at": replay.due_at,
        }
        for replay in replays
    ]
    # Without an order key: it waits for nothing of its entity, nothing waits for it.
    again = {"is_replay": True, "recovery_id": recovery.pk, "order_key": ""}
    insert_unless_present(
        Delivery, rows, alike={**_PENDING, **again, "created_at": now}
    )
