"""Metrics read from rows: the same on every node, and after any restart.

Its queries cost the same however long the log is; a backlog is counted up to BOUND.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db import Error
from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from deliveries.engine.backlog import busy_webhooks
from deliveries.models import SignOfLife
from deliveries.statements import execute, moment
from deliveries.supervision.signs import vital_signs
from subscriptions.clock import database_time
from subscriptions.models import Webhook
from webhooks_project.metrics.counters import counters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from prometheus_client.core import Metric

BOUND = 50_000

# One question instead of eight. Literal conditions: SQLite takes a partial index only
# where its own stands.
_NUMBERS = """
SELECT backlog.pending, backlog.due,
    (SELECT count(*) FROM (
        SELECT 1 FROM deliveries_delivery
        WHERE state IN (0, 1) AND order_key <> '' AND state = 1 LIMIT %s
    ) AS waiting),
    (SELECT count(*) FROM deliveries_delivery WHERE is_leased),
    (SELECT count(*) FROM deliveries_recovery WHERE status = 'running'),
    (SELECT count(*) FROM deliveries_incident WHERE resolved_at IS NULL),
    (SELECT count(*) FROM deliveries_notice WHERE ended_at IS NULL),
    (SELECT purged_at FROM deliveries_purger WHERE id = 1)
FROM (
    SELECT count(*) AS pending,
        coalesce(sum(CASE WHEN due_at <= %s THEN 1 ELSE 0 END), 0) AS due
    FROM (SELECT due_at FROM deliveries_delivery WHERE state = 0 LIMIT %s) AS pending
) AS backlog
"""


class Numbers(NamedTuple):
    """In the order of the question."""

    pending: int
    due: int
    waiting: int
    leased: int
    recoveries: int
    incidents: int
    notices: int
    purged_at: str | datetime | None


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
    (row,) = execute(_NUMBERS, [BOUND, now, BOUND])
    numbers = Numbers(*row)
    yield from _backlog(numbers, now)
    yield from _workers(now)
    yield from counters()
    yield _webhooks()
    yield from _subjects(numbers, now)


def _backlog(numbers: Numbers, now: datetime) -> Iterator[Metric]:
    dues = [each.next_due for each in busy_webhooks() if each.next_due]
    age = max((now - min(dues, default=now)).total_seconds(), 0)
    bounded = f"counted up to {BOUND}"
    for name, text, value in (
        ("pending", f"To be sent, now or later; {bounded}.", numbers.pending),
        ("due", f"Of these, due now; {bounded}.", numbers.due),
        ("waiting", f"Behind one of their entity; {bounded}.", numbers.waiting),
        ("leased", "Claimed by a worker.", numbers.leased),
    ):
        yield _gauge(f"deliveries_{name}", text, value)
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


def _webhooks() -> Metric:
    statuses = GaugeMetricFamily(
        "webhooks_webhooks", "Webhooks that are not deleted.", labels=["status"]
    )
    present = Webhook.objects.filter(deleted_at=None).order_by()
    found = dict(present.values_list("status").annotate(n=Count("pk")))
    for status in Webhook.Status.values:
        statuses.add_metric([status], found.get(status, 0))
    return statuses


def _subjects(numbers: Numbers, now: datetime) -> Iterator[Metric]:
    yield _gauge("recoveries_running", "Recoveries under way.", numbers.recoveries)
    yield _gauge("incidents_open", "Rules that are hit.", numbers.incidents)
    yield _gauge("notices_unsent", "Mails about them that wait.", numbers.notices)
    if purged_at := moment(numbers.purged_at):
        age = (now - purged_at).total_seconds()
        yield _gauge("purge_age_seconds", "Since a purge last came to its end.", age)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"webhooks_{name}", text, value=float(value))
