"""What a claim costs when 1, 2, 4 and 8 workers claim from one PostgreSQL.

``python -m tests.bench.claims``. The workers send to nobody, so that nothing but the
database is measured; each delivery must be claimed once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.bench.figures import say, table
from tests.bench.options import sizes
from tests.bench.processor import processor_time
from tests.bench.rig import STORES, rig
from tests.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.bench.rig import Run

CLAIMERS = (1, 2, 4, 8)
WEBHOOKS = 48
HEAD = [
    "claimers",
    "rows/s",
    "µs to claim a row",
    "µs to record a row",
    "statements/claim",
    "rows/claim",
    "in vain",
    "µs CPU: worker",
    "database",
    "twice",
]


def main(words: Sequence[str] | None = None) -> None:
    full, quick = {"deliveries": 20_000}, {"deliveries": 2_000}
    chosen = sizes("claims", full=full, quick=quick, words=words)
    with rig([STORES[1]]) as standing:
        (store,) = standing.stores
        urls = standing.receiver.urls("never", WEBHOOKS)
        with standing.run(store, store.database) as start:
            start.perform(
                set_up={"hooks": {"ACME": urls}},
                pile_up={"code": "ACME", "count": chosen.deliveries},
            )
            start.database.settle()
            rows = []
            for claimers in CLAIMERS:
                with standing.run(store, start.database) as run:
                    rows.append(_measured(run, claimers, count=chosen.deliveries))
    title = f"Claims: {chosen.deliveries:,} due deliveries of {WEBHOOKS} webhooks"
    say(table(title, HEAD, rows))


def _measured(run: Run, claimers: int, *, count: int) -> list[str]:
    with _claimers(run, claimers) as processes:
        # They have imported everything when the last of them reads.
        time.sleep(2)
        before = _database(run)
        started = time.monotonic()
        costs = _costs(processes)
        took = time.monotonic() - started
        database = _database(run) - before
    total = Counter[str]()
    for cost in costs:
        total.update({name: cost[name] for name in cost if name != "claimed"})
    tokens = Counter(pk for cost in costs for pk, _ in cost["claimed"])
    return [
        f"{claimers}",
        f"{count / took:,.0f}",
        *(f"{total[name] / count * 1e6:,.0f}" for name in ("claiming", "recording")),
        f"{total['statements'] / total['claims']:.1f}",
        f"{total['rows'] / max(1, total['claims'] - total['in_vain']):.1f}",
        f"{total['in_vain'] / total['claims']:.0%}",
        f"{total['processor'] / count * 1e6:,.0f}",
        f"{database / count * 1e6:,.0f}",
        f"{sum(times > 1 for times in tokens.values())}",
    ]


def _database(run: Run) -> float:
    return processor_time(0, run.rig.receiver.pid)["database"]


def _costs(processes: Sequence[subprocess.Popen[bytes]]) -> list[dict[str, Any]]:
    for process in processes:
        process.stdin.write(b"\n")
        process.stdin.close()
    return [json.loads(process.stdout.read()) for process in processes]


@contextmanager
def _claimers(run: Run, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command = [sys.executable, "-m", "tests.bench.claimer"]
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=run.environment, **pipes)  # noqa: S603
        for _ in range(count)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
