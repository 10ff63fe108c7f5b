"""Which settings of a rule go together, and what is said of those that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from deliveries.policy.notification_rules import (
    DAY,
    MINUTE,
    Baseline,
    Comparison,
    Kind,
    Metric,
)
from subscriptions.refusals import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Of each kind, what of these it takes.
_COUNTING = frozenset({"metric", "event_types", "statuses", "error_kinds", "payload"})
TAKES = {
    Kind.COUNT: _COUNTING | {"comparison"},
    Kind.PERCENT: _COUNTING | {"comparison"},
    Kind.PERCENT_CHANGE: _COUNTING | {"comparison", "baseline"},
    Kind.NO_SUCCESS: frozenset({"event_types"}),
    Kind.OLDEST_WAITING: frozenset(),
    Kind.DELIVERY_GAP: frozenset({"event_types"}),
    Kind.WEBHOOK_DISABLED: frozenset(),
    Kind.FIRST_FAILURE: frozenset(),
}
# What stands there when nobody has said anything.
UNSET = {
    "metric": Metric.DELIVERIES,
    "event_types": [],
    "statuses": [],
    "error_kinds": [],
    "payload": {},
    "comparison": Comparison.AT_LEAST,
    "baseline": Baseline.PREVIOUS,
}


class Problem(NamedTuple):
    """*field*: by our name."""

    field: str
    sentence: str


def problems_with(fields: Mapping[str, Any]) -> list[Problem]:
    """Why a rule of these fields would mean nothing; empty if it means something."""
    kind = Kind(fields["kind"])
    found = [
        Problem(name, f"A rule of kind {kind} does not take this.")
        for name, unset in UNSET.items()
        if name not in TAKES[kind] and fields[name] != unset
    ]
    for check in _CHECKS:
        found += check(kind, fields)
    return found


def _of_events(kind: Kind, fields: Mapping[str, Any]) -> Iterator[Problem]:
    if fields["metric"] != Metric.EVENTS:
        return
    told = sentence("An event has none of its own: count deliveries.")
    for name in ("statuses", "error_kinds", "webhook"):
        if fields[name]:
            yield Problem(name, told)


def _of_percent(kind: Kind, fields: Mapping[str, Any]) -> Iterator[Problem]:
    if kind != Kind.PERCENT:
        return
    if not 0 <= fields["threshold"] <= 100:
        yield Problem("threshold", sentence("This must be from 0 to 100."))
    if fields["metric"] == Metric.EVENTS:
        if not (fields["event_types"] or fields["payload"]):
            told = sentence("Say which events: their types or their data.")
            yield Problem("event_types", told)
    elif not (fields["statuses"] or fields["error_kinds"]):
        yield Problem("statuses", sentence("Say which deliveries: how they ended."))


def _of_thresholds(kind: Kind, fields: Mapping[str, Any]) -> Iterator[Problem]:
    threshold = fields["threshold"]
    if kind == Kind.COUNT and threshold < 0:
        yield Problem("threshold", sentence("This must not be less than 0."))
    if kind in (Kind.OLDEST_WAITING, Kind.DELIVERY_GAP) and threshold < 1:
        yield Problem("threshold", sentence("This is a time in minutes, at least 1."))
    elif kind == Kind.DELIVERY_GAP and threshold >= fields["window_minutes"]:
        yield Problem("threshold", sentence("This must be less than the window."))


def _of_baselines(kind: Kind, fields: Mapping[str, Any]) -> Iterator[Problem]:
    is_long = fields["window_minutes"] * MINUTE > DAY
    if fields["baseline"] == Baseline.MEDIAN and is_long:
        told = sentence("With the median of seven days this is at most 1440, a day.")
        yield Problem("window_minutes", told)


def _of_subsidiaries(kind: Kind, fields: Mapping[str, Any]) -> Iterator[Problem]:
    webhook, subsidiary = fields["webhook"], fields["subsidiary"]
    if webhook and subsidiary and webhook.subsidiary_id != subsidiary.pk:
        yield Problem(
            "webhook", sentence("This webhook belongs to another subsidiary.")
        )


_CHECKS: tuple[Callable[[Kind, Mapping[str, Any]], Iterator[Problem]], ...] = (
    _of_events,
    _of_percent,
    _of_thresholds,
    _of_baselines,
    _of_subsidiaries,
)
