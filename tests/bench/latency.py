"""From the commit that publishes to the bytes at the receiver, at a steady rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.figures import middle, say, table
from tests.bench.options import sizes
from tests.bench.rig import rig
from tests.bench.steady import HEAD, Publisher, percentiles, publish_steadily

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tests.bench.rig import Rig, Run
    from tests.bench.steady import Steady
    from tests.bench.stores import Store

WEBHOOKS = 20
ACME = Publisher("ACME", "quick", published=WEBHOOKS)


def main(words: Sequence[str] | None = None) -> None:
    full = {"rate": 200, "seconds": 10, "runs": 3}
    quick = {"rate": 200, "seconds": 3, "runs": 1}
    chosen = sizes("latency", full=full, quick=quick, words=words)
    with rig(chosen.only) as standing:
        rows = [_row(standing, store, chosen) for store in standing.stores]
    title = f"Latency, commit to receiver, {chosen.rate} events/s (ms)"
    say(table(title, ["", "events/s", *HEAD], rows))


def _row(standing: Rig, store: Store, chosen: argparse.Namespace) -> list[str]:
    with standing.run(store, store.database) as start:
        urls = standing.receiver.urls(ACME.kind, WEBHOOKS)
        start.perform(
            set_up={"hooks": {ACME.code: urls}},
            publish={"code": ACME.code, "count": ACME.published},
        )
        runs = [_one(standing, start, chosen) for _ in range(chosen.runs)]
    rate = middle(run.rate for run in runs)
    return [store.name, f"{rate:,.0f}", *percentiles(runs)]


def _one(standing: Rig, start: Run, chosen: argparse.Namespace) -> Steady:
    with standing.run(start.store, start.database) as run, run.workers():
        return publish_steadily(run, ACME, rate=chosen.rate, seconds=chosen.seconds)


if __name__ == "__main__":
    main()
