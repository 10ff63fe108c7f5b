"""A long queue of a dead webhook slows nobody: the others' due deliveries, timed."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.figures import middle, say, table
from tests.bench.options import sizes
from tests.bench.receiver import HANGS
from tests.bench.rig import rig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.rig import Rig, Run

HEALTHY = "healthy"
WEBHOOKS = 20


class Done(NamedTuple):
    """How the healthy ones fared. *hung*: requests that the dead webhook swallowed."""

    seconds: float
    cpu: float
    hung: int


def main(words: Sequence[str] | None = None) -> None:
    full = {"events": 1_000, "waiting": 200_000, "runs": 5}
    quick = {"events": 1_000, "waiting": 20_000, "runs": 1}
    chosen = sizes("backlog", full=full, quick=quick, words=words)
    with rig(chosen.only) as standing, ExitStack() as kept:
        alone = _set_up(standing, kept, waiting=0, events=chosen.events)
        crowded = _set_up(standing, kept, waiting=chosen.waiting, events=chosen.events)
        pairs = [
            (_drained(alone, chosen.events), _drained(crowded, chosen.events))
            for _ in range(chosen.runs)
        ]
    title = f"Backlog: {chosen.events:,} due deliveries to {WEBHOOKS} healthy webhooks"
    head = ["waiting for a dead one", "seconds", "x alone", "s of CPU", "requests hung"]
    say(table(title, head, _rows(pairs, chosen.waiting)))


def _set_up(standing: Rig, kept: ExitStack, *, waiting: int, events: int) -> Run:
    store = standing.best_store()
    start = kept.enter_context(standing.run(store, store.database))
    urls = standing.receiver.urls
    hooks = {"GLOBEX": urls(HANGS, 1), "ACME": urls(HEALTHY, WEBHOOKS)}
    start.perform(
        set_up={"hooks": hooks},
        pile_up={"code": "GLOBEX", "count": waiting},
        publish={"code": "ACME", "count": events},
    )
    start.database.settle()
    return start


def _drained(start: Run, events: int) -> Done:
    """From the first arrival, whosever, to the last of the healthy."""
    with start.rig.run(start.store, start.database) as run, run.workers() as workers:
        before = run.processor_time(workers)
        run.receiver.wait_for(HEALTHY, events)
        after = run.processor_time(workers)
        arrivals = run.receiver.arrivals()
    moments = [arrival.at for arrival in arrivals if arrival.kind == HEALTHY]
    return Done(
        seconds=max(moments) - arrivals[0].at,
        cpu=sum(after.values()) - sum(before.values()),
        hung=len(arrivals) - len(moments),
    )


def _rows(pairs: Sequence[tuple[Done, Done]], waiting: int) -> list[list[str]]:
    alone, crowded = zip(*pairs, strict=True)
    ratios = [slow.seconds / quick.seconds for quick, slow in pairs]
    return [_row("0", alone, 1.0), _row(f"{waiting:,}", crowded, middle(ratios))]


def _row(name: str, runs: Sequence[Done], ratio: float) -> list[str]:
    return [
        name,
        f"{middle(run.seconds for run in runs):.2f}",
        f"{ratio:.2f}",
        f"{middle(run.cpu for run in runs):.1f}",
        f"{middle(run.hung for run in runs):.0f}",
    ]


if __name__ == "__main__":
    main()
