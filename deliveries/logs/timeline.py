"""How deliveries of a period ended, for charts: counted, not rolled up.

A delivery counts in the hour in which it was made, so that the numbers are those of a
list narrowed to that hour. Tests are not counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.db.models.functions import TruncHour

from deliveries.logs.delivery_list import ListedDelivery
from deliveries.logs.delivery_status import (
    LATEST_CODE,
    LATEST_ERROR,
    WAS_ATTEMPTED,
    DeliveryStatus,
    status_from,
)
from deliveries.logs.entries import entry_of_attempt
from deliveries.logs.sums import DAY, by_day, by_hour
from deliveries.logs.walking import SHOWN_OF_AN_ATTEMPT
from deliveries.models import Attempt, Delivery
from deliveries.policy.tallies import Tally, failure_class, total_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliveries.models.deliveries import DeliveryQuerySet
    from subscriptions.models import Webhook

SHOWN_OF_ITS_DELIVERY = tuple(
    f"delivery__{name}"
    for name in ("state", "attempts_made", "created_at", "is_test", "is_replay")
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Slot:
    """What was made from *start* on, for the length of a step; how attempts went then."""

    start: datetime
    end: datetime
    statuses: Counter[DeliveryStatus] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True)
class Timeline:
    """Each slot once, the oldest first. The last one is running: it is not over."""

    slots: list[Slot]

    @property
    def since(self) -> datetime:
        return self.slots[0].start

    @property
    def until(self) -> datetime:
        return self.slots[-1].end

    @cached_property
    def statuses(self) -> Counter[DeliveryStatus]:
        total: Counter[DeliveryStatus] = Counter()
        for slot in self.slots:
            total.update(slot.statuses)
        return total

    @cached_property
    def tally(self) -> Tally:
        total = Tally()
        for slot in self.slots:
            total.add(slot.tally)
        return total


def timeline_of(
    webhook: Webhook, *, step: timedelta, slots: int, now: datetime
) -> Timeline:
    """*step* is a number of whole hours. Two queries, however long it is."""
    last = now - (now - _EPOCH) % step
    starts = [last - step * back for back in reversed(range(slots))]
    found = {start: Slot(start, start + step) for start in starts}
    mine = Delivery.objects.filter(
        webhook=webhook,
        is_test=False,
        created_at__gte=starts[0],
        created_at__lt=last + step,
    )
    for hour, status, count in _by_hour(mine.order_by()):
        found[hour - (hour - _EPOCH) % step].statuses[status] += count
    # A slot of whole days begins with one of them.
    pieces = by_hour if step % DAY else by_day
    for start, sums in pieces(webhook, since=starts[0], until=last + step):
        found[start - (start - _EPOCH) % step].tally.add(total_of([sums]))
    return Timeline(list(found.values()))


def _by_hour(
    rows: DeliveryQuerySet,
) -> Iterable[tuple[datetime, DeliveryStatus, int]]:
    hour = TruncHour("created_at", tzinfo=UTC)
    told = rows.annotate(hour=hour, attempted=WAS_ATTEMPTED)
    by_state = told.values_list("hour", "state", "attempted")
    for at, state, attempted, count in by_state.annotate(count=Count("pk")):
        yield at, status_from(state, was_attempted=attempted), count


def reasons_of(
    webhook: Webhook, *, since: datetime, until: datetime
) -> list[tuple[str, int]]:
    """Why deliveries failed that were made from *since* on and before *until*.

    By the class of their latest attempt's failure, the commonest first. One query.
    """
    failed = _failed(webhook, since=since, until=until)
    ends = failed.annotate(code=LATEST_CODE, error=LATEST_ERROR)
    reasons: Counter[str] = Counter()
    counted = ends.values_list("code", "error").annotate(count=Count("pk"))
    for code, error, count in counted:
        reasons[failure_class(code, error)] += count
    return sorted(reasons.items(), key=lambda item: (-item[1], item[0]))


def latest_failures(
    webhook: Webhook, *, since: datetime, until: datetime, limit: int
) -> list[ListedDelivery]:
    """The newest of them, with what ended them. One query."""
    failed = _failed(webhook, since=since, until=until)
    newest = failed.order_by("-created_at", "-pk").values("pk")[:limit]
    ends = Attempt.objects.filter(webhook=webhook, delivery__in=newest).only_latest()
    whole = ends.select_related("delivery__event").marking_latest()
    rows = whole.only(*SHOWN_OF_AN_ATTEMPT, *SHOWN_OF_ITS_DELIVERY)
    return [
        ListedDelivery(each.delivery, entry_of_attempt(each, webhook=webhook))
        for each in rows.order_by("-delivery__created_at", "-delivery")
    ]


def _failed(webhook: Webhook, *, since: datetime, until: datetime) -> DeliveryQuerySet:
    made = Q(created_at__gte=since, created_at__lt=until)
    found: DeliveryQuerySet = Delivery.objects.filter(
        made, webhook=webhook, state=Delivery.State.FAILED, is_test=False
    )
    return found.order_by()
