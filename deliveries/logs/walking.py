"""A webhook's log from any place on, newest first, out of the two tables behind it."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Max, Q

from deliveries.logs.entries import PENDING, entry_of_attempt, entry_of_pending
from deliveries.models import Attempt, Delivery

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from deliveries.logs.criteria import Criteria
    from deliveries.logs.entries import LogEntry
    from subscriptions.models import Webhook

ATTEMPT = "attempt"
SHOWN_OF_AN_ATTEMPT = (
    "sequence",
    "number",
    "event_type",
    "status",
    "status_code",
    "error_kind",
    "error_message",
    "url",
    "started_at",
    "duration_ms",
    "delivery__uid",
    "delivery__due_at",
    "delivery__is_leased",
    "delivery__event__public_id",
)
SHOWN_OF_A_PENDING = (
    "uid",
    "due_at",
    "is_leased",
    "claim_number",
    "created_at",
    "event__public_id",
    "event__type",
)


class Position(NamedTuple):
    """Where an entry stands. The greater stands first."""

    at: datetime
    kind: str
    pk: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """The last row of each table that is read: what comes later is not there."""

    attempt: int
    pending: int


class Walk:
    """The entries of a webhook that match, in their order.

    Bodies and headers are not loaded. Within *bounds* the rows that come while it
    lasts are left out.
    """

    def __init__(
        self, webhook: Webhook, criteria: Criteria, *, bounds: Bounds | None = None
    ) -> None:
        self._webhook = webhook
        self.attempts = criteria.attempts_of(webhook)
        self.pending = criteria.pending_of(webhook)
        if bounds:
            self.attempts = self.attempts.filter(pk__lte=bounds.attempt)
            self.pending = self.pending.filter(pk__lte=bounds.pending)

    def places_after(self, after: Position | None, *, limit: int) -> list[Position]:
        """The next *limit*, each table read in the order of its index."""
        # Pending first, as in `entries`.
        tables = ((PENDING, self.pending), (ATTEMPT, self.attempts))
        merged = _newest_first(
            _places(kind, _beyond(after, kind, rows), window=slice(0, limit))
            for kind, rows in tables
        )
        return list(islice(merged, limit))

    def places_within(self, *, attempts: slice, pending: slice) -> Iterator[Position]:
        """Of each table those between two counts of rows, merged."""
        return _newest_first(
            (
                _places(PENDING, self.pending, window=pending),
                _places(ATTEMPT, self.attempts, window=attempts),
            )
        )

    def entries(self, places: Sequence[Position]) -> list[LogEntry]:
        """Without what was purged since. What was attempted since is an attempt."""
        attempts = {place.pk for place in places if place.kind == ATTEMPT}
        pending = {place.pk for place in places if place.kind == PENDING}
        # In this order: a delivery is no longer pending, or not yet attempted, but
        # never neither.
        found = self._load_pending(pending)
        attempted = pending - {place.pk for place in found}
        found |= self._load_attempts(attempts | self._latest_of(attempted))
        return [found[place] for place in sorted(found, reverse=True)]

    def batches(self, *, size: int) -> Iterator[list[LogEntry]]:
        """All of it. Each batch is read by short queries of its own."""
        places = self.places_after(None, limit=size)
        while places:
            # All of a batch may have been purged meanwhile.
            if entries := self.entries(places):
                yield entries
            is_last = len(places) < size
            places = [] if is_last else self.places_after(places[-1], limit=size)

    def _latest_of(self, deliveries: Collection[int]) -> set[int]:
        if not deliveries:
            return set()
        latest = self.attempts.filter(delivery__in=deliveries).only_latest()
        return set(latest.values_list("pk", flat=True))

    def _load_attempts(self, keys: Collection[int]) -> dict[Position, LogEntry]:
        if not keys:
            return {}
        rows = Attempt.objects.filter(webhook=self._webhook, pk__in=keys)
        rows = rows.select_related("delivery__event").only(*SHOWN_OF_AN_ATTEMPT)
        return {
            Position(row.started_at, ATTEMPT, row.pk): entry_of_attempt(
                row, webhook=self._webhook
            )
            for row in rows.order_by().marking_latest()
        }

    def _load_pending(self, keys: Collection[int]) -> dict[Position, LogEntry]:
        if not keys:
            return {}
        rows = Delivery.objects.filter(webhook=self._webhook, pk__in=keys)
        rows = rows.never_attempted().select_related("event").order_by()
        return {
            Position(row.created_at, PENDING, row.pk): entry_of_pending(
                row, webhook=self._webhook
            )
            for row in rows.only(*SHOWN_OF_A_PENDING)
        }


def bounds_now() -> Bounds:
    """What is there at this moment, by the primary keys of all tenants."""
    attempt = Attempt.objects.aggregate(last=Max("pk"))["last"]
    pending = Delivery.objects.aggregate(last=Max("pk"))["last"]
    return Bounds(attempt=attempt or 0, pending=pending or 0)


def _newest_first(tables: Iterable[Iterable[Position]]) -> Iterator[Position]:
    return heapq.merge(*tables, reverse=True)


def _at(kind: str) -> str:
    return "started_at" if kind == ATTEMPT else "created_at"


def _beyond(
    after: Position | None, kind: str, rows: QuerySet[Any, Any]
) -> QuerySet[Any, Any]:
    if after is None:
        return rows
    at = _at(kind)
    # The first condition is the index's, the second drops what was there before.
    rows = rows.filter(**{f"{at}__lte": after.at})
    if kind < after.kind:
        return rows
    earlier = Q(**{f"{at}__lt": after.at})
    return rows.filter(earlier | Q(pk__lt=after.pk) if kind == after.kind else earlier)


def _places(
    kind: str, rows: QuerySet[Any, Any], *, window: slice
) -> Iterator[Position]:
    at = _at(kind)
    for moment, pk in rows.order_by(f"-{at}", "-pk").values_list(at, "pk")[window]:
        yield Position(moment, kind, pk)
