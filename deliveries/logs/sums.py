"""What roll-ups hold of a period of a webhook's log, piece by piece, in one query."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from deliveries.models import DailyRollup, Rollup, day_of
from deliveries.policy.tallies import Stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from subscriptions.models import Webhook

    Piece = tuple[datetime, Stored]

DAY = timedelta(days=1)


def by_hour(webhook: Webhook, *, since: datetime, until: datetime) -> Iterator[Piece]:
    """From *since* to *until*, each the beginning of an hour; hours may repeat."""
    hours = Rollup.objects.filter(webhook=webhook).within(since, until)
    return _pieces(hours.order_by().values_list("hour", *Stored._fields))


def by_day(webhook: Webhook, *, since: datetime, until: datetime) -> Iterator[Piece]:
    """The same, but of whole days one sum each; what is not folded comes in parts."""
    first, last = day_of(since), day_of(until)
    first += DAY if first < since else timedelta()
    if first >= last:
        return by_hour(webhook, since=since, until=until)
    days = DailyRollup.objects.filter(webhook=webhook).within(first, last)
    hours = Rollup.objects.filter(webhook=webhook).order_by()
    rest = (
        hours.within(since, first),
        hours.filter(is_part=True).within(first, last),
        hours.within(last, until),
    )
    arms = [rows.values_list("hour", *Stored._fields) for rows in rest]
    whole = days.order_by().values_list("day", *Stored._fields)
    return _pieces(whole.union(*arms, all=True))


def _pieces(rows: Iterable[tuple[Any, ...]]) -> Iterator[Piece]:
    return ((start, Stored(*sums)) for start, *sums in rows)
