"""One event, and how it fares with each webhook that wanted it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import OuterRef, Subquery

from deliveries.models import Attempt, Delivery, Event

if TYPE_CHECKING:
    from datetime import datetime

    from subscriptions.models import Tenant

State = Delivery.State

SHOWN = 500
# In the words of the log.
_STATUSES = {
    State.PENDING: "pending",
    State.WAITING: "pending",
    State.SUCCEEDED: "success",
    State.FAILED: "failed",
    State.SKIPPED: "skipped",
}
EVENT_STATUSES = tuple(dict.fromkeys(_STATUSES.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """How a delivery of the event fares."""

    delivery: Delivery
    last_attempt_at: datetime | None

    @property
    def status(self) -> str:
        return _STATUSES[State(self.delivery.state)]

    @property
    def next_attempt_at(self) -> datetime | None:
        # While a worker holds the delivery, due_at is when its lease runs out.
        return None if self.delivery.is_leased else self.delivery.due_at


@dataclass(frozen=True, slots=True)
class EventFile:
    event: Event
    fates: list[Fate]


def find_event(tenant: Tenant, public_id: str) -> EventFile:
    """The event with its latest deliveries, in two queries. Raises Event.DoesNotExist."""
    if "\0" in public_id:
        raise Event.DoesNotExist  # PostgreSQL stores no such text, nor compares it.
    mine = Event.objects.of(tenant).select_related("subsidiary")
    event = mine.defer("body_with_previous").get(public_id=public_id)
    # One statement: a delivery is attempted while somebody looks.
    deliveries = Delivery.objects.filter(event=event).select_related("webhook")
    # The newest of so many: replays have no limit.
    newest_first = deliveries.order_by("-pk")
    latest = newest_first.annotate(last_attempt_at=_last_attempt())[:SHOWN]
    return EventFile(event, [_fate(each) for each in latest])


def _fate(delivery: Delivery) -> Fate:
    attempted_at = delivery.last_attempt_at  # type: ignore[attr-defined]  # annotated
    return Fate(delivery=delivery, last_attempt_at=attempted_at)


def _last_attempt() -> Subquery:
    attempts = Attempt.objects.filter(delivery=OuterRef("pk")).order_by("-sequence")
    return Subquery(attempts.values("started_at")[:1])
