"""One event, and how it fares with each webhook that wanted it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Max

from deliveries.models import Attempt, Delivery, Event

if TYPE_CHECKING:
    from collections.abc import Sequence
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
    """The event with its latest deliveries, in three queries. Raises Event.DoesNotExist."""
    if "\0" in public_id:
        raise Event.DoesNotExist  # PostgreSQL stores no such text, nor compares it.
    mine = Event.objects.of(tenant).select_related("subsidiary")
    event = mine.defer("body_with_previous").get(public_id=public_id)
    # The newest of so many: replays have no limit.
    latest = Delivery.objects.filter(event=event).select_related("webhook")
    deliveries = latest.order_by("-pk")[:SHOWN]
    attempted = _last_attempts([each.pk for each in deliveries])
    fates = [
        Fate(delivery=each, last_attempt_at=attempted.get(each.pk))
        for each in deliveries
    ]
    return EventFile(event, fates)


def _last_attempts(deliveries: Sequence[int]) -> dict[int, datetime]:
    attempts = Attempt.objects.filter(delivery__in=deliveries).order_by()
    return dict(attempts.values_list("delivery").annotate(Max("started_at")))
