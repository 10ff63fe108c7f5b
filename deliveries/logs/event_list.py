"""Published events as a list, newest first, with what became of each.

Every page looks through so many events and no more, however rare those are that match;
the next one goes on from there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.signing import BadSignature, Signer
from django.db.models import Max, Q

from deliveries.logs.delivery_status import (
    WAS_ATTEMPTED,
    DeliveryStatus,
    status_from,
)
from deliveries.logs.named import BODIES
from deliveries.logs.searching import events_saying
from deliveries.models import Delivery, Event
from deliveries.statements import execute

if TYPE_CHECKING:
    from collections.abc import Collection

    from deliveries.logs.event_criteria import EventCriteria, Events
    from subscriptions.models import Tenant

WINDOW = 20_000
# Of those that say what is looked for.
SAYING = 5_000
# The next type in the index, again and again: as many steps as there are types.
_TYPES = """
WITH RECURSIVE known(type) AS (
    SELECT (SELECT min(type) FROM deliveries_event WHERE tenant_id = %s AND NOT is_test)
    UNION ALL
    SELECT (
        SELECT min(type) FROM deliveries_event
        WHERE tenant_id = %s AND NOT is_test AND type > known.type
    ) FROM known WHERE known.type IS NOT NULL
)
SELECT type FROM known WHERE type IS NOT NULL
"""

Fates = Counter[DeliveryStatus]


class Place(NamedTuple):
    """Where a page ends: what has been looked through stands before it."""

    at: datetime | None
    pk: int


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """*fates*: with how many webhooks it ended how; none: nobody got it."""

    event: Event
    fates: Fates


@dataclass(frozen=True, slots=True)
class EventPage:
    """*older* leads to what follows; empty: nothing does."""

    rows: list[ListedEvent]
    older: str


def window_of(criteria: EventCriteria) -> int:
    """How many events a page looks through."""
    return SAYING if criteria.sought else WINDOW


def events_page(
    criteria: EventCriteria, *, after: str, size: int, window: int = 0
) -> EventPage:
    """Those that follow *after*, whatever has come before it since.

    A text that is no place leads to the first page. *window*: `window_of`, unless it is
    given. Four queries at most.
    """
    place = _read(after)
    rows, end = _looked_through(criteria, place, window or window_of(criteria))
    order = ("-created_at", "-pk") if criteria.is_by_time else ("-pk",)
    shown = rows.select_related("tenant", "subsidiary").defer(*BODIES)
    found = list(shown.order_by(*order)[: size + 1])
    if len(found) > size:
        end = Place(found[size - 1].created_at, found[size - 1].pk)
    return EventPage(_listed(found[:size]), _write(end) if end else "")


def types_of(tenant: Tenant) -> list[str]:
    """Those of the tenant's events, by name. One query, within an index."""
    return [name for (name,) in execute(_TYPES, [tenant.pk, tenant.pk])]


def fates_of(events: Collection[int]) -> dict[int, Fates]:
    """How each ended with the webhooks that got it, each webhook counted once.

    Delivered, if it has arrived at all; else as the latest delivery ended. One query.
    """
    rows = Delivery.objects.filter(event__in=events).order_by()
    grouped = rows.annotate(attempted=WAS_ATTEMPTED).values_list(
        "event", "webhook", "state", "attempted"
    )
    latest: dict[tuple[int, int], tuple[bool, int, DeliveryStatus]] = {}
    for event, webhook, state, attempted, pk in grouped.annotate(latest=Max("pk")):
        status = status_from(state, was_attempted=attempted)
        fate = (status == DeliveryStatus.DELIVERED, pk, status)
        latest[event, webhook] = max(fate, latest.get((event, webhook), fate))
    found: dict[int, Fates] = defaultdict(Counter)
    for (event, _webhook), (_has_arrived, _pk, status) in latest.items():
        found[event][status] += 1
    return found


def _listed(events: Collection[Event]) -> list[ListedEvent]:
    fates = fates_of([each.pk for each in events]) if events else {}
    return [ListedEvent(each, fates.get(each.pk, Counter())) for each in events]


def _looked_through(
    criteria: EventCriteria, place: Place | None, window: int
) -> tuple[Events, Place | None]:
    """Those that match within the window, and its end, if there is more behind it."""
    rows = _beyond(criteria, criteria.events(), place)
    if criteria.tenant and criteria.sought:
        below, tenant = place.pk if place else None, criteria.tenant.pk
        found = events_saying(criteria.sought, tenant, below=below, limit=window)
        is_all = len(found) < window
        return rows.filter(pk__in=found), None if is_all else Place(None, found[-1])
    end = _end_of_window(criteria, place, window)
    if end is None:
        return rows, None
    last = {"created_at__gte": end.at} if end.at else {"pk__gte": end.pk}
    return rows.filter(**last), end


def _end_of_window(
    criteria: EventCriteria, place: Place | None, window: int
) -> Place | None:
    """The last event that is looked at, if there are others behind it."""
    lane = criteria.within_index()
    if lane is None:
        return None
    key = "created_at" if criteria.is_by_time else "pk"
    rows = _beyond(criteria, lane, place).order_by(f"-{key}")
    # Of the key alone, so that the index is enough.
    ends = list(rows.values_list(key, flat=True)[window - 1 : window + 1])
    if len(ends) < 2:
        return None
    # Of one moment all are looked at: the place is behind the last of them.
    return Place(ends[0], 0) if criteria.is_by_time else Place(None, ends[0])


def _beyond(criteria: EventCriteria, rows: Events, place: Place | None) -> Events:
    if place is None:
        return rows
    if not criteria.is_by_time:
        return rows.filter(pk__lt=place.pk)
    if place.at is None:
        return rows
    # The first condition is the index's, the second drops what was there before.
    earlier = Q(created_at__lt=place.at) | Q(pk__lt=place.pk)
    return rows.filter(earlier, created_at__lte=place.at)


def _signer() -> Signer:
    return Signer(sep=".", salt="place in a list of events")


def _write(place: Place) -> str:
    told: list[Any] = [place.at.isoformat() if place.at else "", place.pk]
    return _signer().sign_object(told)


def _read(text: str) -> Place | None:
    try:
        at, pk = _signer().unsign_object(text)
    except BadSignature:
        return None
    return Place(datetime.fromisoformat(at) if at else None, pk)
