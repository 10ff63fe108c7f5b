"""Metrics that only grow: of the log by the total, of the rest by occurrences."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from django.db import connection
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from deliveries.models import Occurrence, Total
from deliveries.retention.purging import SUBJECTS
from deliveries.statements import execute
from deliveries.verification import Result
from subscriptions.profiles import all_profiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client.core import Metric

    from deliveries.policy.tallies import Tally

Kind = Occurrence.Kind

# In ms; the last is the longest time-out that is usual.
STEPS = (10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000)


# What a sequence gave out never shrinks, whatever is purged.
_LAST_EVENT = {
    "postgresql": "SELECT CASE WHEN is_called THEN last_value ELSE 0 END"
    " FROM deliveries_event_id_seq",
    "sqlite": "SELECT coalesce(max(seq), 0) FROM sqlite_sequence"
    " WHERE name = 'deliveries_event'",
}


def counters() -> Iterator[Metric]:
    yield from _of_the_log(Total.objects.current())
    yield from _of_occurrences(Occurrence.objects.sums())
    # A count of their own would cost each publication a statement more.
    ((last,),) = execute(_LAST_EVENT[connection.vendor])
    text = "Ids given to events; a repeat or a rollback may take one, too."
    yield CounterMetricFamily("webhooks_events", text, value=last)


def _of_the_log(total: Total) -> Iterator[Metric]:
    """Up to a minute behind, without tests."""
    ended = CounterMetricFamily(
        "webhooks_attempts", "Entries of the log.", labels=["profile", "status"]
    )
    for profile, statuses in sorted(total.of_profiles.items()):
        for status, count in sorted(statuses.items()):
            ended.add_metric([profile, status], count)
    yield ended
    failures = {kind or "other": n for kind, n in total.tally.failures.items()}
    text = "Failed attempts by kind."
    yield _counter("attempts_failed", text, label="kind", counts=failures)
    yield _histogram(total.tally)


def _of_occurrences(sums: Mapping[str, Mapping[str, int]]) -> Iterator[Metric]:
    """Exact at any moment."""
    for name, text, label, kind in (
        ("deliveries_claimed", "Leases given out.", "profile", Kind.CLAIMED),
        ("verifications", "Challenges ended.", "result", Kind.VERIFICATION),
        ("rows_purged", "Rows that had expired.", "table", Kind.PURGED),
    ):
        # Also what has never happened: else nobody sees its first time in a rate.
        counts = {**dict.fromkeys(_known(kind), 0), **sums.get(kind, {})}
        yield _counter(name, text, label=label, counts=counts)
    lost = sum(sums.get(Kind.OVERSLEPT, {}).values())
    text = "Leases that ran out before the attempt was recorded."
    yield CounterMetricFamily("webhooks_leases_overslept", text, value=lost)


def _known(kind: Kind) -> Iterable[str]:
    match kind:
        case Kind.VERIFICATION:
            return Result
        case Kind.PURGED:
            return [subject.name for subject in SUBJECTS]
        case _:
            return [profile.name for profile in all_profiles()]


def _counter(
    name: str, text: str, *, label: str, counts: Mapping[str, int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"webhooks_{name}", text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def _histogram(total: Tally) -> HistogramMetricFamily:
    text = "Of attempts that were seen to their end."
    name = "webhooks_attempt_duration_seconds"
    buckets, seconds = _buckets(total), total.total_ms / 1000
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=seconds)


def _buckets(total: Tally) -> list[tuple[str, float]]:
    edges = (-1, *STEPS)
    parts = (
        sum(n for ms, n in total.durations.items() if low < ms <= high)
        for low, high in zip(edges, STEPS, strict=False)
    )
    names = [str(step / 1000) for step in STEPS]
    within = list(zip(names, accumulate(parts), strict=True))
    return [*within, ("+Inf", total.durations.total())]
