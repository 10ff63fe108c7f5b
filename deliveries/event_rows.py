"""Events and their deliveries, as rows: a batch of them is one statement.

On SQLite it is two: there no statement writes to two tables.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection

from deliveries.models import Delivery, Event
from deliveries.statements import (
    NOTHING,
    execute,
    insert_unless_present,
    insertion,
    table,
    time_of_statement,
)
from subscriptions.identifiers import new_uid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from deliveries.statements import Row, Statement

Key = tuple[int, str]

# Of more events than these the rest follows.
AT_ONCE = 1000
_OF_EVENT = (
    "tenant_id",
    "subsidiary_id",
    "public_id",
    "type",
    "entity_type",
    "entity_id",
    "occurred_at",
    "body",
    "body_with_previous",
    "full_body",
    "traceparent",
)
PENDING = {
    "state": Delivery.State.PENDING.value,
    "is_leased": False,
    "claim_number": 0,
    "attempts_made": 0,
    "is_test": False,
    "is_replay": False,
}
# Ids are drawn in the order in which rows are inserted: that of the events.
_AT_ONCE = f"""
{{ahead}}
WITH event AS (
    {{events}} ON CONFLICT DO NOTHING RETURNING id, tenant_id, public_id
), delivery AS (
    INSERT INTO deliveries_delivery (event_id, uid, webhook_id, order_key,
        retries_yield, due_at, created_at, {", ".join(PENDING)})
    SELECT event.id, column3, column4, column5, column6,
        statement_timestamp(), %s, {", ".join(["%s"] * len(PENDING))}
    FROM {{deliveries}} AS given
    JOIN event ON tenant_id = column1 AND public_id = column2
    ORDER BY event.id, column4
)
SELECT id, tenant_id, public_id FROM event
"""  # noqa: S608 (our own names)
_OF_DELIVERY = ("bigint", "text", "uuid", "bigint", "text", "boolean")


class Recipient(NamedTuple):
    """A webhook that gets an event, and behind whose events it waits there.

    *retries_yield*: should it fail, first attempts go before its retries.
    """

    webhook_id: int
    order_key: str
    retries_yield: bool = False


Recipients = dict[Key, list[Recipient]]


def key_of(event: Event) -> Key:
    return event.tenant_id, event.public_id


def store_events(
    events: Mapping[Key, Event],
    recipients: Recipients,
    *,
    now: datetime,
    ahead: Statement = NOTHING,
) -> dict[Key, Event]:
    """Insert the events whose id is new, and a delivery for each of their recipients.

    Returns what now stands under each id. *ahead* runs before anything is inserted.
    """
    waiting, stored = dict(events), dict[Key, Event]()
    while waiting:
        some = dict(islice(waiting.items(), AT_ONCE))
        new = _insert(some, recipients, now=now, ahead=ahead)
        # The others were there, or another process was a moment faster. What has been
        # removed since then is tried anew.
        found = new | _stored_before(some.keys() - new.keys())
        stored |= found
        waiting = {key: waiting[key] for key in waiting if key not in found}
    return stored


def _insert(
    events: Mapping[Key, Event],
    recipients: Recipients,
    *,
    now: datetime,
    ahead: Statement,
) -> dict[Key, Event]:
    rows = [
        {name: getattr(each, name) for name in _OF_EVENT} for each in events.values()
    ]
    deliveries = [(key, each) for key in events for each in recipients.get(key, ())]
    if connection.vendor == "postgresql":
        inserted = _insert_at_once(rows, deliveries, now=now, ahead=ahead)
    else:
        inserted = _insert_in_turn(rows, deliveries, now=now)
    new = {}
    for pk, *key in inserted:
        event = new[tuple(key)] = events[tuple(key)]
        event.pk, event._state.adding = pk, False  # noqa: SLF001 (as after save())
    return new


def _insert_at_once(
    rows: Sequence[Mapping[str, Any]],
    deliveries: Iterable[tuple[Key, Recipient]],
    *,
    now: datetime,
    ahead: Statement,
) -> list[Row]:
    events, of_events = insertion(Event, rows, {"is_test": False, "created_at": now})
    given, of_deliveries = table(
        [(*key, new_uid(), *each) for key, each in deliveries], *_OF_DELIVERY
    )
    sql = _AT_ONCE.format(ahead=ahead.sql, events=events, deliveries=given)
    values = [*ahead.values, *of_events, now, *PENDING.values(), *of_deliveries]
    return execute(sql, values)


def _insert_in_turn(
    rows: Sequence[Mapping[str, Any]],
    deliveries: Iterable[tuple[Key, Recipient]],
    *,
    now: datetime,
) -> list[Row]:
    inserted = insert_unless_present(
        Event,
        rows,
        alike={"is_test": False, "created_at": now},
        returning="id, tenant_id, public_id",
    )
    ids = {tuple(key): pk for pk, *key in inserted}
    insert_unless_present(
        Delivery,
        [
            {"event_id": ids[key], "uid": new_uid().hex, **each._asdict()}
            for key, each in deliveries
            if key in ids
        ],
        alike={**PENDING, "due_at": time_of_statement(), "created_at": now},
    )
    return inserted


def _stored_before(keys: Collection[Key]) -> dict[Key, Event]:
    if not keys:
        return {}
    rows = Event.objects.filter(
        tenant__in={tenant_id for tenant_id, _ in keys},
        public_id__in=[public_id for _, public_id in keys],
    ).defer("body", "body_with_previous", "full_body")
    return {key_of(row): row for row in rows if key_of(row) in keys}
