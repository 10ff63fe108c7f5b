"""Does publishing get slower while a million rows are purged?

``python -m tests.bench.purge``: events are published by the API at a steady rate before,
during and after ``manage.py purge_logs``. What was before and after is normal.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.figures import percentile, say, table
from tests.bench.ingest import _managed, _token, _web
from tests.bench.options import sizes
from tests.bench.publisher import _body
from tests.bench.rig import STORES, rig
from tests.processes import ROOT

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from tests.bench.rig import Rig, Run
    from tests.bench.stores import Store

WEBHOOKS = 20
CONNECTIONS = 4
AGE = 50
WARM_UP = 2.0
PERCENTS = (50, 95, 99)
ROWS = """
SELECT (SELECT count(*) FROM deliveries_attempt)
    + (SELECT count(*) FROM deliveries_delivery) + (SELECT count(*) FROM deliveries_event)
"""
HEAD = ["", "events", *(f"p{percent}" for percent in PERCENTS), "p99 / normal"]


class Purged(NamedTuple):
    rows: int
    seconds: float


@dataclass
class Caller:
    """Publishes one event after the other, and notes how long each answer took."""

    port: int
    token: str
    rate: int
    took: list[float] = field(default_factory=list)

    def publish(self, goes_on: Callable[[float], bool]) -> list[float]:
        """At the rate, while *goes_on*, which is told for how long it did; seconds."""
        self.took = []
        share = self.rate / CONNECTIONS
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for caller in [
                pool.submit(self._publish, share, goes_on) for _ in range(CONNECTIONS)
            ]:
                caller.result()
        return self.took

    def _publish(self, rate: float, goes_on: Callable[[float], bool]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
        }
        begun, number = time.monotonic(), 0
        while goes_on(time.monotonic() - begun):
            planned = begun + number / rate
            time.sleep(max(0.0, planned - time.monotonic()))
            connection.request("POST", "/api/p/v3/events", _body(0), headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 202:
                raise RuntimeError(said.decode())
            # From when it should have been asked: who waits in line waits, too.
            self.took.append(time.monotonic() - planned)
            number += 1
        connection.close()


def main(words: Sequence[str] | None = None) -> None:
    full = {"deliveries": 340_000, "rate": 40, "seconds": 20, "runs": 1}
    quick = {"deliveries": 6_000, "rate": 40, "seconds": 4, "runs": 1}
    chosen = sizes("purge", full=full, quick=quick, words=words)
    with rig(chosen.only or STORES[:2]) as standing:
        for store in standing.stores * chosen.runs:
            _measure(standing, store, chosen)


def _measure(standing: Rig, store: Store, chosen: argparse.Namespace) -> None:
    urls = [f"http://127.0.0.1:9/hook/{number}" for number in range(WEBHOOKS)]
    with standing.run(store, store.database) as run:
        run.perform(
            set_up={"hooks": {"ACME": urls}},
            pile_up_log={"code": "ACME", "count": chosen.deliveries, "days": AGE},
        )
        run.database.settle()
        client = _managed(
            run, "create_api_client", "--company-code", "ACME", "--name", "B"
        )
        with _web(run) as (_, port):
            caller = Caller(port, _token(port, client), chosen.rate)
            caller.publish(lambda elapsed: elapsed < WARM_UP)
            before = caller.publish(lambda elapsed: elapsed < chosen.seconds)
            during, purged = _while_purging(run, caller)
            after = caller.publish(lambda elapsed: elapsed < chosen.seconds)
    title = (
        f"Purge, {store.name}: {purged.rows:,} rows in {purged.seconds:.0f} s; "
        f"the answer to an event, {chosen.rate}/s (ms)"
    )
    normal = percentile([*before, *after], 99)
    phases = {"before": before, "during": during, "after": after}
    say(table(title, HEAD, [_row(*phase, normal) for phase in phases.items()]))


def _while_purging(run: Run, caller: Caller) -> tuple[list[float], Purged]:
    ((rows,),) = run.database.query(ROWS)
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "purge_logs"],
        cwd=ROOT,
        env=run.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    during = caller.publish(lambda _: process.poll() is None)
    seconds = time.monotonic() - started
    said, _ = process.communicate()
    say(said.strip())
    ((left,),) = run.database.query(ROWS)
    return during, Purged(rows + len(during) * 2 - left, seconds)


def _row(phase: str, took: Sequence[float], normal: float) -> list[str]:
    found = [percentile(took, percent) for percent in PERCENTS]
    figures = [f"{seconds * 1000:,.1f}" for seconds in found]
    return [phase, f"{len(took):,}", *figures, f"{found[-1] / normal:.2f}"]


if __name__ == "__main__":
    main()
