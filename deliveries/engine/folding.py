"""Parts of roll-ups become hours and days, minute by minute."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db import transaction

from deliveries.engine import turnstile
from deliveries.engine.counting import insert_days, insert_hours, take_in
from deliveries.models import DailyRollup, Rollup, day_of
from deliveries.policy.tallies import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deliveries.engine.counting import Tallies

# So many webhooks wait for each other while their parts are folded.
FOLDED_AT_ONCE = 20


def fold() -> int:
    """Make one row of the parts of each hour. Returns how many rows that took away.

    May run twice at once or stop anywhere: the sums stay the same throughout.
    """
    return sum(map(_fold, _webhooks_with_parts()))


def _webhooks_with_parts() -> Iterator[list[int]]:
    parts = Rollup.objects.filter(is_part=True).order_by("webhook").distinct()
    webhooks = list(parts.values_list("webhook", flat=True))
    for start in range(0, len(webhooks), FOLDED_AT_ONCE):
        yield webhooks[start : start + FOLDED_AT_ONCE]


@transaction.atomic(durable=True)
def _fold(webhooks: list[int]) -> int:
    turnstile.hold(webhooks)
    parts = list(Rollup.objects.filter(webhook__in=webhooks, is_part=True))
    take_in(parts)
    _add_to_days(parts)
    hours = {part.hour for part in parts}
    whole = Rollup.objects.filter(webhook__in=webhooks, hour__in=hours, is_part=False)
    found = [*parts, *whole]
    sums: Tallies = defaultdict(Tally)
    for row in found:
        sums[row.webhook_id, row.hour].add(row.tally)
    Rollup.objects.filter(pk__in=[row.pk for row in found]).delete()
    insert_hours(sums)
    return len(found) - len(sums)


def _add_to_days(parts: list[Rollup]) -> None:
    sums: Tallies = defaultdict(Tally)
    for part in parts:
        sums[part.webhook_id, day_of(part.hour)].add(part.tally)
    rows = DailyRollup.objects.filter(
        webhook__in={webhook_id for webhook_id, _ in sums},
        day__in={day for _, day in sums},
    )
    # The days of one webhook need not be those of another.
    found = [row for row in rows if (row.webhook_id, row.day) in sums]
    for row in found:
        sums[row.webhook_id, row.day].add(row.tally)
    DailyRollup.objects.filter(pk__in=[row.pk for row in found]).delete()
    insert_days(sums)
