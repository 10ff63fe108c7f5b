"""Whom a slow receiver, or a large tenant, keeps waiting: nobody."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.bench.figures import middle, percentile, say, table
from tests.bench.options import sizes
from tests.bench.receiver import HANGS
from tests.bench.rig import rig
from tests.bench.steady import HEAD, Publisher, percentiles, publish_steadily

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from tests.bench.rig import Rig, Run
    from tests.bench.steady import Steady

WEBHOOKS = 20
HEALTHY = Publisher("ACME", "healthy", published=WEBHOOKS)
SMALL = Publisher("ACME", "small", published=1)
OTHER = "GLOBEX"
LARGE = "large"
HANGING = (0, 1, 5, 20)
# Waiting for each webhook that hangs: more than it may have in flight in one run.
BACKLOG = 100
SMALL_RATE = 20


def main(words: Sequence[str] | None = None) -> None:
    full = {"rate": 100, "seconds": 8, "waiting": 100_000, "runs": 3}
    quick = {"rate": 100, "seconds": 2, "waiting": 10_000, "runs": 1}
    chosen = sizes("fairness", full=full, quick=quick, words=words)
    with rig(chosen.only) as standing:
        rows = [_among_hanging(standing, count, chosen) for count in HANGING]
        say(
            table(
                f"Fairness: {WEBHOOKS} healthy webhooks, {chosen.rate} events/s, while"
                " others hang (ms)",
                ["others that hang", "hanging requests", *HEAD],
                rows,
            )
        )
        rows = [
            _beside_large(standing, waiting, chosen) for waiting in (0, chosen.waiting)
        ]
    say(
        table(
            f"Fairness: a tenant's first attempts, {SMALL_RATE} events/s, while another"
            " tenant has deliveries waiting (ms)",
            ["waiting", *HEAD, "of theirs sent in between: p50", "p99"],
            rows,
        )
    )


def _among_hanging(
    standing: Rig, hanging: int, chosen: argparse.Namespace
) -> list[str]:
    with _set_up(
        standing, HEALTHY, webhooks=WEBHOOKS, others=(HANGS, hanging)
    ) as start:
        if hanging:
            start.perform(publish={"code": OTHER, "count": BACKLOG * hanging})
        runs = _steady(start, HEALTHY, rate=chosen.rate, chosen=chosen)
    hung = middle(sum(a.kind == HANGS for a in run.arrivals) for run in runs)
    return [str(hanging), f"{hung:.0f}", *percentiles(runs)]


def _beside_large(standing: Rig, waiting: int, chosen: argparse.Namespace) -> list[str]:
    with _set_up(standing, SMALL, webhooks=1, others=(LARGE, WEBHOOKS)) as start:
        if waiting:
            start.perform(pile_up={"code": OTHER, "count": waiting})
            start.database.settle()
        runs = _steady(start, SMALL, rate=SMALL_RATE, chosen=chosen)
    overtaken = [_sent_in_between(run) for run in runs]
    between = [
        f"{middle(percentile(each, percent) for each in overtaken):.0f}"
        for percent in (50, 99)
    ]
    return [f"{waiting:,}", *percentiles(runs), *between]


@contextmanager
def _set_up(
    standing: Rig, publisher: Publisher, *, webhooks: int, others: tuple[str, int]
) -> Iterator[Run]:
    """The publisher and another tenant, with that many webhooks of that kind."""
    store = standing.best_store()
    urls = standing.receiver.urls
    with standing.run(store, store.database) as start:
        hooks = {publisher.code: urls(publisher.kind, webhooks), OTHER: urls(*others)}
        start.perform(
            set_up={"hooks": hooks},
            publish={"code": publisher.code, "count": publisher.published},
        )
        yield start


def _steady(
    start: Run, publisher: Publisher, *, rate: int, chosen: argparse.Namespace
) -> list[Steady]:
    runs = []
    for _ in range(chosen.runs):
        with start.rig.run(start.store, start.database) as run, run.workers():
            seconds = chosen.seconds
            runs.append(publish_steadily(run, publisher, rate=rate, seconds=seconds))
    return runs


def _sent_in_between(run: Steady) -> list[float]:
    """Per event, what came to the large tenant while it waited."""
    large = [arrival.at for arrival in run.arrivals if arrival.kind == LARGE]
    return [
        bisect_right(large, flight.arrived) - bisect_left(large, flight.committed)
        for flight in run.flights
    ]


if __name__ == "__main__":
    main()
