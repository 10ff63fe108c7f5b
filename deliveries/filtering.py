"""Who gets an event of those that want its type: their filters look at its body."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliveries.models import Event
    from subscriptions.filters import Filter
    from subscriptions.matching import Taker

# What filters see, as SQL: Event.whole, whoever gets which form of it.
FILTERED = "coalesce(full_body, body)"


def who_want(event: Event, takers: Sequence[Taker]) -> Sequence[Taker]:
    """Those without a filter, and those whose filter matches. Keeps their order."""
    if not any(taker.filter for taker in takers):
        return takers
    body = json.loads(event.whole)
    return [
        taker for taker in takers if taker.filter is None or taker.filter.matches(body)
    ]


def matches(stored: bytes | memoryview, wanted: Filter | None) -> bool:
    """Whether *wanted* lets the body pass that is stored."""
    return wanted is None or wanted.matches(json.loads(bytes(stored)))
