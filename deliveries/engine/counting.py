"""Keep the roll-ups equal to the log: what enters it is counted, what leaves it, too.

Whoever writes either holds the webhook's turnstile until the commit. So does whoever
counts an hour anew, who then sees all of it, and nothing that is still to be counted.
"""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from django.db import transaction

from deliveries.engine import turnstile
from deliveries.models import Attempt, Rollup, Total, hour_of
from deliveries.policy.explanations import UNSEEN
from deliveries.policy.tallies import Tally, failure_class, rounded, stored_counts
from deliveries.statements import insert_unless_present
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    Hour = tuple[int, datetime]
    Tallies = dict[Hour, Tally]

COUNTED = (
    *("webhook_id", "started_at", "is_test"),
    *("status", "status_code", "error_kind", "duration_ms"),
)
# So many webhooks wait for each other while their parts are folded.
FOLDED_AT_ONCE = 20

_of_row = itemgetter(*COUNTED)
_of_attempt = attrgetter(*COUNTED)


def count_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """Count what was inserted just now, in the same transaction."""
    _insert_parts(tallies_of(map(_of_row, rows)))


def count_attempts(attempts: Iterable[Attempt]) -> None:
    """The same, of rows as the ORM has them."""
    _insert_parts(tallies_of(map(_of_attempt, attempts)))


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


def _insert_parts(tallies: Tallies) -> None:
    insert_unless_present(
        Rollup,
        [_columns(*hour, tally) for hour, tally in tallies.items()],
        alike={"is_part": True},
    )


def _columns(webhook_id: int, hour: datetime, tally: Tally) -> dict[str, Any]:
    return {
        "webhook_id": webhook_id,
        "hour": hour,
        "statuses": tally.statuses,
        "failures": tally.failures,
        "durations": stored_counts(tally.durations),
        "total_ms": tally.total_ms,
        "longest_ms": tally.longest_ms,
    }


def recount(webhook_id: int, *, since: datetime, until: datetime) -> None:
    """Draw the hours from *since* to *until* from the log. Behind the turnstile."""
    hours = Rollup.objects.filter(webhook=webhook_id).within(since, until)
    # Else the totals would never see what was not folded yet.
    _take_in(list(hours.filter(is_part=True)))
    hours.delete()
    _insert_whole(counted_anew(webhook_id, since=since, until=until))


def counted_anew(webhook_id: int, *, since: datetime, until: datetime) -> Tallies:
    attempts = Attempt.objects.filter(webhook=webhook_id).order_by()
    attempts = attempts.filter(started_at__gte=since, started_at__lt=until)
    return tallies_of(attempts.values_list(*COUNTED).iterator())


def _insert_whole(tallies: Tallies) -> None:
    Rollup.objects.bulk_create(
        Rollup(**_columns(*hour, tally)) for hour, tally in tallies.items()
    )


def fold() -> int:
    """Make one row of the parts of each hour. Returns how many rows that took away.

    May run twice at once or stop anywhere: the sums stay the same throughout.
    """
    return sum(map(_fold, _webhooks_with_parts()))


def _take_in(parts: list[Rollup]) -> None:
    if parts:
        webhooks = Webhook.objects.filter(pk__in={part.webhook_id for part in parts})
        profiles = dict(webhooks.values_list("pk", "profile"))
        Total.objects.take_in((profiles[row.webhook_id], row.tally) for row in parts)


def _webhooks_with_parts() -> Iterator[list[int]]:
    parts = Rollup.objects.filter(is_part=True).order_by("webhook").distinct()
    webhooks = list(parts.values_list("webhook", flat=True))
    for start in range(0, len(webhooks), FOLDED_AT_ONCE):
        yield webhooks[start : start + FOLDED_AT_ONCE]


@transaction.atomic(durable=True)
def _fold(webhooks: list[int]) -> int:
    turnstile.hold(webhooks)
    parts = Rollup.objects.filter(webhook__in=webhooks, is_part=True)
    hours = parts.order_by().values_list("hour", flat=True).distinct()
    rows = Rollup.objects.filter(webhook__in=webhooks, hour__in=list(hours))
    found = list(rows)
    _take_in([row for row in found if row.is_part])
    sums: Tallies = defaultdict(Tally)
    for row in found:
        sums[row.webhook_id, row.hour].add(row.tally)
    Rollup.objects.filter(pk__in=[row.pk for row in found]).delete()
    _insert_whole(sums)
    return len(found) - len(sums)
