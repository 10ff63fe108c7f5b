"""Deliveries per second, and what each costs: publish first, then drain."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.figures import middle, say, spread, table
from tests.bench.options import sizes
from tests.bench.rig import HTTPS, rig

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from tests.bench.rig import Rig, Run
    from tests.bench.stores import PostgreSQL, SQLite, Store

WEBHOOKS = 20
KIND = "quick"
PARTS = ("product", "database", "redis", "receiver")
PLAIN, ENGINE, OVER_TLS = "plain", "engine", "engine, HTTPS"
HEAD = ["", "deliveries/s", "x plain", "µs CPU each", *PARTS]


class Line(NamedTuple):
    """What is measured: a row of the table."""

    store: Store
    design: str


class Measured(NamedTuple):
    """Deliveries per second, and processor µs of each part for each delivery."""

    rate: float
    costs: dict[str, float]


class Prepared(NamedTuple):
    """Databases to start from: with the webhooks alone, and with the events, too."""

    set_up: SQLite | PostgreSQL
    published: SQLite | PostgreSQL


def main(words: Sequence[str] | None = None) -> None:
    full = {"events": 20_000, "plain_events": 2_000, "runs": 3}
    quick = {"events": 3_000, "plain_events": 200, "runs": 1}
    chosen = sizes("throughput", full=full, quick=quick, words=words)
    with rig(chosen.only) as standing:
        results = _results(standing, chosen)
    title = f"Throughput: {chosen.events:,} events of 1 KiB to {WEBHOOKS} webhooks"
    say(table(title, HEAD, _rows(results)))


def _results(standing: Rig, chosen: argparse.Namespace) -> dict[Line, list[Measured]]:
    results: dict[Line, list[Measured]] = {line: [] for line in _lines(standing)}
    with _all_prepared(standing, events=chosen.events) as prepared:
        # One of each in turn: what disturbs the machine disturbs all of them.
        for _ in range(chosen.runs):
            for line, measured in results.items():
                start = prepared[line.store.database]
                measured.append(_measured(standing, line, start, chosen))
    return results


def _lines(standing: Rig) -> list[Line]:
    lines = [
        Line(store, design) for store in standing.stores for design in (PLAIN, ENGINE)
    ]
    return [*lines, Line(standing.best_store(), OVER_TLS)]


@contextmanager
def _all_prepared(
    standing: Rig, *, events: int
) -> Iterator[Mapping[SQLite | PostgreSQL, Prepared]]:
    urls = standing.receiver.urls(KIND, WEBHOOKS)
    prepared = {}
    with ExitStack() as kept:
        # Where Redis is the broker, the database is the same.
        for store in standing.stores:
            if store.database in prepared:
                continue
            set_up = kept.enter_context(standing.run(store, store.database))
            set_up.perform(set_up={"hooks": {"ACME": urls}})
            published = kept.enter_context(standing.run(store, set_up.database))
            published.perform(publish={"code": "ACME", "count": events})
            published.database.settle()
            prepared[store.database] = Prepared(set_up.database, published.database)
        yield prepared


def _measured(
    standing: Rig, line: Line, start: Prepared, chosen: argparse.Namespace
) -> Measured:
    is_plain = line.design == PLAIN
    with standing.run(line.store, start.set_up if is_plain else start.published) as run:
        if is_plain:
            count = chosen.plain_events
            run.perform(publish_plain={"code": "ACME", "count": count})
        if line.design == OVER_TLS:
            run.move_webhooks_to(standing.receiver.urls(KIND, WEBHOOKS, scheme=HTTPS))
        return _drained(run, chosen.plain_events if is_plain else chosen.events)


def _drained(run: Run, count: int) -> Measured:
    """From the first arrival until the last is recorded."""
    with run.workers() as workers:
        run.receiver.wait_for(KIND, 1)
        before = run.processor_time(workers)
        run.receiver.wait_for(KIND, count)
        ended = run.wait_until_recorded()
        after = run.processor_time(workers)
    arrivals = run.receiver.arrivals()
    if len(arrivals) != count:
        say(f"{len(arrivals) - count} of {count} arrived twice.")
    costs = {part: (after[part] - before[part]) / count * 1e6 for part in after}
    return Measured(count / (ended - arrivals[0].at), costs)


def _rows(results: Mapping[Line, Sequence[Measured]]) -> list[list[str]]:
    return [
        [
            f"{line.store.name}: {line.design}",
            spread([each.rate for each in measured]),
            _ratio(measured, results.get(line._replace(design=PLAIN))),
            f"{middle(sum(each.costs.values()) for each in measured):,.0f}",
            *(_cost(part, measured) for part in PARTS),
        ]
        for line, measured in results.items()
    ]


def _ratio(measured: Sequence[Measured], plain: Sequence[Measured] | None) -> str:
    """The median of what each run says: within it, the machine was the same."""
    ratios = [a.rate / b.rate for a, b in zip(measured, plain or (), strict=False)]
    return f"{middle(ratios):.1f}" if ratios else ""


def _cost(part: str, measured: Sequence[Measured]) -> str:
    costs = [each.costs[part] for each in measured if part in each.costs]
    return f"{middle(costs):,.0f}" if costs else ""


if __name__ == "__main__":
    main()
