"""Draw a webhook's roll-ups from its log again, day by day, while others write both."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max, Min

from deliveries.engine import turnstile
from deliveries.engine.counting import counted_anew, days_of_hours, recount
from deliveries.models import Attempt, DailyRollup, Rollup, day_of
from deliveries.policy.tallies import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from deliveries.engine.counting import Tallies
    from subscriptions.models import Webhook

DAY = timedelta(days=1)


def rebuild(webhook: Webhook) -> int:
    """Count the log anew; returns of how many days."""
    days = list(_days(webhook))
    for day in days:
        with transaction.atomic(durable=True):
            _hold(webhook)
            recount(webhook.pk, since=day, until=day + DAY)
    return len(days)


def differing_days(webhook: Webhook) -> list[datetime]:
    """The days on which roll-ups are not what the log adds up to."""
    return [day for day in _days(webhook) if _differs(webhook, day)]


@transaction.atomic(durable=True)
def _differs(webhook: Webhook, day: datetime) -> bool:
    _hold(webhook)
    span = {"since": day, "until": day + DAY}
    kept: Tallies = defaultdict(Tally)
    for row in Rollup.objects.filter(webhook=webhook).within(**span):
        kept[webhook.pk, row.hour].add(row.tally)
    if kept != counted_anew(webhook.pk, **span):
        return True
    days = DailyRollup.objects.filter(webhook=webhook).within(**span)
    summed = {(webhook.pk, row.day): row.tally for row in days}
    return summed != days_of_hours(webhook.pk, **span)


def _hold(webhook: Webhook) -> None:
    turnstile.build([webhook.pk])
    turnstile.hold([webhook.pk])


def _days(webhook: Webhook) -> Iterator[datetime]:
    """From the first to the last that the log or the roll-ups know of."""
    log = Attempt.objects.filter(webhook=webhook).order_by()
    hours = Rollup.objects.filter(webhook=webhook).order_by()
    days = DailyRollup.objects.filter(webhook=webhook).order_by()
    bounds = [
        log.aggregate(first=Min("started_at"), last=Max("started_at")),
        hours.aggregate(first=Min("hour"), last=Max("hour")),
        days.aggregate(first=Min("day"), last=Max("day")),
    ]
    firsts = [each["first"] for each in bounds if each["first"]]
    lasts = [each["last"] for each in bounds if each["last"]]
    if not firsts:
        return
    day = day_of(min(firsts))
    while day <= max(lasts):
        yield day
        day += DAY
