"""Metrics read from rows: the same on every node, and after any restart.

Its queries cost the same however long the log is; a backlog is counted up to BOUND.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from django.db import Error, connection
from django.db.models import Count
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from deliveries.engine.backlog import busy_webhooks
from deliveries.models import Incident, Notice, Purger, Recovery, SignOfLife, Total
from deliveries.statements import execute
from deliveries.supervision.signs import vital_signs
from subscriptions.clock import database_time
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from prometheus_client.core import Metric

    from deliveries.policy.tallies import Tally

BOUND = 50_000
# In ms; the last is the longest time-out that is usual.
STEPS = (10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000)

# Literal conditions: SQLite takes a partial index only where its own stands.
_PENDING = """
SELECT count(*), coalesce(sum(CASE WHEN due_at <= %s THEN 1 ELSE 0 END), 0)
FROM (SELECT due_at FROM deliveries_delivery WHERE state = 0 LIMIT %s) pending
"""
_WAITING = """
SELECT count(*) FROM (SELECT 1 FROM deliveries_delivery
WHERE state IN (0, 1) AND order_key <> '' AND state = 1 LIMIT %s) waiting
"""
_LEASED = "SELECT count(*) FROM deliveries_delivery WHERE is_leased"
# What a sequence gave out never shrinks, whatever is purged.
_LAST_EVENT = {
    "postgresql": "SELECT CASE WHEN is_called THEN last_value ELSE 0 END"
    " FROM deliveries_event_id_seq",
    "sqlite": "SELECT coalesce(max(seq), 0) FROM sqlite_sequence"
    " WHERE name = 'deliveries_event'",
}


class Rows(Collector):
    def collect(self) -> Iterator[Metric]:
        signs = vital_signs()
        yield _gauge("database_up", "The database answers.", signs.database_answers)
        yield _gauge("broker_up", "The broker answers.", signs.broker_is_reachable)
        if not signs.database_answers:
            return
        try:
            found = list(_of_the_database())
        except Error:
            # It went away meanwhile; half a page would look like a quiet system.
            return
        down = signs.egress_down_since is not None
        yield _gauge("egress_down", "Our own way out is broken; deliveries wait.", down)
        yield _gauge(
            "poisoned_day", "Deliveries that killed workers, 24 h.", signs.poisoned
        )
        yield from found


def _of_the_database() -> Iterator[Metric]:
    now = database_time()
    yield from _backlog(now)
    yield from _workers(now)
    yield from _log(Total.objects.current())
    yield from _subjects(now)


def _backlog(now: datetime) -> Iterator[Metric]:
    ((pending, due),) = execute(_PENDING, [now, BOUND])
    ((waiting,),) = execute(_WAITING, [BOUND])
    ((leased,),) = execute(_LEASED)
    dues = [each.next_due for each in busy_webhooks() if each.next_due]
    age = max((now - min(dues, default=now)).total_seconds(), 0)
    bounded = f"counted up to {BOUND}"
    yield _gauge("deliveries_pending", f"To be sent, now or later; {bounded}.", pending)
    yield _gauge("deliveries_due", f"Of these, due now; {bounded}.", due)
    yield _gauge(
        "deliveries_waiting", f"Behind one of their entity; {bounded}.", waiting
    )
    yield _gauge("deliveries_leased", "Claimed by a worker.", leased)
    yield _gauge("oldest_due_age_seconds", "How long the oldest has been due.", age)


def _workers(now: datetime) -> Iterator[Metric]:
    seen: dict[str, datetime] = {}
    for node, seen_at in SignOfLife.objects.values_list("node", "seen_at"):
        seen[node] = max(seen_at, seen.get(node, seen_at))
    text = "Since a worker of the node was last seen; a day at most."
    ages = GaugeMetricFamily("webhooks_worker_seen_age_seconds", text, labels=["node"])
    for node, seen_at in sorted(seen.items()):
        ages.add_metric([node], (now - seen_at).total_seconds())
    yield ages


def _log(total: Tally) -> Iterator[Metric]:
    """Counters: up to a minute behind, without tests."""
    ended = CounterMetricFamily(
        "webhooks_attempts", "Entries of the log by status.", labels=["status"]
    )
    for status, count in sorted(total.statuses.items()):
        ended.add_metric([status], count)
    yield ended
    failed = CounterMetricFamily(
        "webhooks_attempts_failed", "Failed attempts by kind.", labels=["kind"]
    )
    for kind, count in sorted(total.failures.items()):
        failed.add_metric([kind or "other"], count)
    yield failed
    text = "Of attempts that were seen to their end."
    name = "webhooks_attempt_duration_seconds"
    buckets, seconds = _buckets(total), total.total_ms / 1000
    yield HistogramMetricFamily(name, text, buckets=buckets, sum_value=seconds)


def _buckets(total: Tally) -> list[tuple[str, float]]:
    edges = (-1, *STEPS)
    parts = (
        sum(n for ms, n in total.durations.items() if low < ms <= high)
        for low, high in zip(edges, STEPS, strict=False)
    )
    names = [str(step / 1000) for step in STEPS]
    within = list(zip(names, accumulate(parts), strict=True))
    return [*within, ("+Inf", total.durations.total())]


def _subjects(now: datetime) -> Iterator[Metric]:
    statuses = GaugeMetricFamily(
        "webhooks_webhooks", "Webhooks that are not deleted.", labels=["status"]
    )
    present = Webhook.objects.filter(deleted_at=None).order_by()
    counts = present.values_list("status").annotate(n=Count("pk"))
    found = dict(counts)
    for status in Webhook.Status.values:
        statuses.add_metric([status], found.get(status, 0))
    yield statuses
    running = Recovery.objects.filter(status=Recovery.Status.RUNNING).count()
    yield _gauge("recoveries_running", "Recoveries under way.", running)
    incidents = Incident.objects.open().count()
    yield _gauge("incidents_open", "Rules that are hit.", incidents)
    unsent = Notice.objects.filter(ended_at=None).count()
    yield _gauge("notices_unsent", "Mails about them that wait.", unsent)
    purged_at = Purger.objects.values_list("purged_at", flat=True).first()
    if purged_at:
        age = (now - purged_at).total_seconds()
        yield _gauge("purge_age_seconds", "Since a purge last came to its end.", age)
    ((last,),) = execute(_LAST_EVENT[connection.vendor])
    text = "Ids given to events; a repeat or a rollback may take one, too."
    yield CounterMetricFamily("webhooks_events", text, value=last)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"webhooks_{name}", text, value=float(value))
