"""Keep the roll-ups equal to the log: what enters it is counted, what leaves it, too.

A day is the sum of its hours, but for the parts: whoever writes hours writes their days
in the same transaction.

Whoever writes either holds the webhook's turnstile until the commit. So does whoever
counts an hour anew, who then sees all of it, and nothing that is still to be counted.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from deliveries.models import Attempt, DailyRollup, Rollup, Total, day_of, hour_of
from deliveries.policy.error_kinds import UNSEEN
from deliveries.policy.tallies import Tally, failure_class, rounded, stored_counts
from deliveries.statements import insert_unless_present
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    # Of a webhook, from when on.
    Tallies = dict[tuple[int, datetime], Tally]

COUNTED = (
    *("webhook_id", "started_at", "is_test"),
    *("status", "status_code", "error_kind", "duration_ms"),
)

_of_row = itemgetter(*COUNTED)
_of_attempt = attrgetter(*COUNTED)


def count_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """Count what was inserted just now, in the same transaction."""
    insert_hours(tallies_of(map(_of_row, rows)), are_parts=True)


def count_attempts(attempts: Iterable[Attempt]) -> None:
    """The same, of rows as the ORM has them."""
    insert_hours(tallies_of(map(_of_attempt, attempts)), are_parts=True)


def tallies_of(entries: Iterable[tuple[Any, ...]]) -> Tallies:
    """Each with the values of COUNTED."""
    tallies: Tallies = defaultdict(Tally)
    for webhook_id, started_at, is_test, *ending in entries:
        if not is_test:
            _add(tallies[webhook_id, hour_of(started_at)], *ending)
    return tallies


def _add(
    tally: Tally,
    status: str,
    status_code: int | None,
    error_kind: str,
    duration_ms: int,
) -> None:
    tally.count(status)
    if status == Attempt.Status.SKIPPED:
        return
    if status != Attempt.Status.SUCCESS:
        tally.failures[failure_class(status_code, error_kind)] += 1
    if error_kind not in UNSEEN:
        tally.measure(duration_ms, step=rounded(duration_ms))


def recount(webhook_id: int, *, since: datetime, until: datetime) -> None:
    """Draw the hours from *since* to *until* from the log. Behind the turnstile."""
    hours = Rollup.objects.filter(webhook=webhook_id).within(since, until)
    # Else the totals would never see what was not folded yet.
    take_in(list(hours.filter(is_part=True)))
    hours.delete()
    insert_hours(counted_anew(webhook_id, since=since, until=until))
    _add_up_days(webhook_id, since=since, until=until)


def counted_anew(webhook_id: int, *, since: datetime, until: datetime) -> Tallies:
    attempts = Attempt.objects.filter(webhook=webhook_id).order_by()
    attempts = attempts.filter(started_at__gte=since, started_at__lt=until)
    return tallies_of(attempts.values_list(*COUNTED).iterator())


def _add_up_days(webhook_id: int, *, since: datetime, until: datetime) -> None:
    """Those to which the hours from *since* to *until* belong."""
    last = day_of(until - timedelta.resolution)
    days = {"since": day_of(since), "until": last + timedelta(days=1)}
    DailyRollup.objects.filter(webhook=webhook_id).within(**days).delete()
    insert_days(days_of_hours(webhook_id, **days))


def days_of_hours(webhook_id: int, *, since: datetime, until: datetime) -> Tallies:
    """What the days from *since* to *until* have to be."""
    hours = Rollup.objects.filter(webhook=webhook_id, is_part=False)
    sums: Tallies = defaultdict(Tally)
    for row in hours.within(since, until).order_by():
        sums[webhook_id, day_of(row.hour)].add(row.tally)
    return sums


def insert_hours(tallies: Tallies, *, are_parts: bool = False) -> None:
    alike = {"is_part": are_parts}
    insert_unless_present(Rollup, _rows(tallies, "hour"), alike=alike)


def insert_days(tallies: Tallies) -> None:
    insert_unless_present(DailyRollup, _rows(tallies, "day"))


def _rows(tallies: Tallies, span: str) -> list[dict[str, Any]]:
    return [
        {
            "webhook_id": webhook_id,
            span: start,
            "statuses": tally.statuses,
            "failures": tally.failures,
            "durations": stored_counts(tally.durations),
            "total_ms": tally.total_ms,
            "longest_ms": tally.longest_ms,
        }
        for (webhook_id, start), tally in tallies.items()
    ]


def take_in(parts: list[Rollup]) -> None:
    """Parts enter the totals once: just before they go."""
    if parts:
        webhooks = Webhook.objects.filter(pk__in={part.webhook_id for part in parts})
        profiles = dict(webhooks.values_list("pk", "profile"))
        Total.objects.take_in((profiles[row.webhook_id], row.tally) for row in parts)
