"""A webhook's log as a list: filtered, counted, page by page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import Count, Value

from deliveries.logs.cursors import read_cursor, write_cursor
from deliveries.logs.entries import PENDING
from deliveries.logs.walking import Walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliveries.logs.criteria import Criteria
    from deliveries.logs.entries import LogEntry
    from deliveries.logs.walking import Position
    from subscriptions.models import Webhook


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Page:
    """*next_cursor* leads to what follows; None: nothing does."""

    entries: list[LogEntry]
    next_cursor: str | None


class DeliveryLog:
    """The entries of a webhook that match, newest first.

    Its count and its facets take one query together, a page up to four more, however
    many entries there are. Bodies and headers are not loaded.
    """

    def __init__(self, webhook: Webhook, criteria: Criteria) -> None:
        self._walk = Walk(webhook, criteria)
        self._webhook = webhook
        self._criteria = criteria

    def count(self) -> int:
        return self._counts.total()

    def __getitem__(self, window: slice) -> list[LogEntry]:
        return self.page(window).entries

    def page(self, window: slice) -> Page:
        """The entries of that place in the list. Rows that come move it."""
        places = self._places(window.start, window.stop)
        is_last = not places or window.start + len(places) >= self.count()
        return self._page(places, is_last=is_last)

    def page_after(self, cursor: str, *, size: int) -> Page:
        """What follows, whatever has come before it since. Raises ForeignCursor."""
        place = read_cursor(cursor, webhook=self._webhook, criteria=self._criteria)
        places = self._walk.places_after(place, limit=size + 1)
        return self._page(places[:size], is_last=len(places) <= size)

    def _page(self, places: Sequence[Position], *, is_last: bool) -> Page:
        entries = self._walk.entries(places)
        if is_last:
            return Page(entries, None)
        last, of = places[-1], self._webhook
        return Page(entries, write_cursor(last, webhook=of, criteria=self._criteria))

    def facets(self) -> dict[str, list[FacetValue]]:
        """How many entries each status has, and each event type; the most first."""
        statuses, event_types = Counter[str](), Counter[str]()
        for (status, event_type), count in self._counts.items():
            statuses[status] += count
            event_types[event_type] += count
        return {"Status": _most_first(statuses), "EventType": _most_first(event_types)}

    @cached_property
    def _counts(self) -> Counter[tuple[str, str]]:
        attempts = self._walk.attempts.values_list("status", "event_type")
        pending = self._walk.pending.values_list(Value(PENDING), "event__type")
        # One statement sees one moment: what is attempted meanwhile counts once.
        rows = attempts.annotate(Count("pk")).union(
            pending.annotate(Count("pk")), all=True
        )
        return Counter({(status, event_type): n for status, event_type, n in rows})

    def _places(self, start: int, stop: int) -> list[Position]:
        """Each table is read in the order of its index, and no further than *stop*."""
        if start >= self.count():
            return []
        waiting = sum(n for (status, _), n in self._counts.items() if status == PENDING)
        # So many stand before *start*, wherever those of the other table stand.
        attempts = max(start - waiting, 0)
        pending = max(start - (self.count() - waiting), 0)
        merged = self._walk.places_within(
            attempts=slice(attempts, stop), pending=slice(pending, stop)
        )
        first = start - attempts - pending
        return list(islice(merged, first, first + stop - start))


def _most_first(counts: Counter[str]) -> list[FacetValue]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [FacetValue(value, count) for value, count in ranked]
