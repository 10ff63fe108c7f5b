"""A webhook's log as a list: filtered, counted, newest first, page by page."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Value

from deliveries.logs.entries import PENDING, entry_of_attempt, entry_of_pending

if TYPE_CHECKING:
    from collections.abc import Collection
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

# Kind and primary key.
Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str
    count: int


class DeliveryLog:
    """The entries of a webhook that match, newest first.

    Its count and its facets take two queries together, a page up to four more, however
    many entries there are. Bodies and headers are not loaded.
    """

    def __init__(self, webhook: Webhook, criteria: Criteria) -> None:
        self._webhook = webhook
        self._attempts = criteria.attempts_of(webhook)
        self._pending = criteria.pending_of(webhook)

    def count(self) -> int:
        return self._counts.total()

    def __getitem__(self, window: slice) -> list[LogEntry]:
        keys = self._keys(window.start, window.stop)
        entries = self._load_attempts([pk for kind, pk in keys if kind == ATTEMPT])
        entries |= self._load_pending([pk for kind, pk in keys if kind == PENDING])
        # What was purged or attempted meanwhile is not there any more.
        return [entries[key] for key in keys if key in entries]

    def facets(self) -> dict[str, list[FacetValue]]:
        """How many entries each status has, and each event type; the most first."""
        statuses, event_types = Counter[str](), Counter[str]()
        for (status, event_type), count in self._counts.items():
            statuses[status] += count
            event_types[event_type] += count
        return {"Status": _most_first(statuses), "EventType": _most_first(event_types)}

    @cached_property
    def _counts(self) -> Counter[tuple[str, str]]:
        attempts = self._attempts.values_list("status", "event_type")
        pending = self._pending.values_list(Value(PENDING), "event__type")
        rows = [*attempts.annotate(Count("pk")), *pending.annotate(Count("pk"))]
        return Counter({(status, event_type): n for status, event_type, n in rows})

    def _keys(self, start: int, stop: int) -> list[Key]:
        """Each table is read in the order of its index, and no further than *stop*."""
        waiting = sum(n for (status, _), n in self._counts.items() if status == PENDING)
        # So many stand before *start*, wherever those of the other table stand.
        attempts = max(start - waiting, 0)
        pending = max(start - (self.count() - waiting), 0)
        merged = heapq.merge(
            _ordered(ATTEMPT, self._attempts, "started_at", slice(attempts, stop)),
            _ordered(PENDING, self._pending, "created_at", slice(pending, stop)),
            reverse=True,
        )
        first = start - attempts - pending
        page = islice(merged, first, first + stop - start)
        return [(kind, pk) for _, kind, pk in page]

    def _load_attempts(self, keys: Collection[int]) -> dict[Key, LogEntry]:
        rows = self._attempts.filter(pk__in=keys).select_related("delivery__event")
        rows = rows.only(*SHOWN_OF_AN_ATTEMPT).marking_latest()
        return {
            (ATTEMPT, row.pk): entry_of_attempt(row, webhook=self._webhook)
            for row in rows
        }

    def _load_pending(self, keys: Collection[int]) -> dict[Key, LogEntry]:
        rows = self._pending.filter(pk__in=keys).select_related("event")
        return {
            (PENDING, row.pk): entry_of_pending(row, webhook=self._webhook)
            for row in rows.only(*SHOWN_OF_A_PENDING)
        }


def _ordered(
    kind: str, rows: QuerySet[Any, Any], at: str, window: slice
) -> list[tuple[datetime, str, int]]:
    keys = rows.order_by(f"-{at}", "-pk").values_list(at, "pk")[window]
    return [(moment, kind, pk) for moment, pk in keys]


def _most_first(counts: Counter[str]) -> list[FacetValue]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [FacetValue(value, count) for value, count in ranked]
