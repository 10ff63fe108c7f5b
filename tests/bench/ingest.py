"""Events per second by the API, through gunicorn; and what a wide fan-out costs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

from tests.bench.figures import middle, say, spread, table
from tests.bench.options import sizes
from tests.bench.processor import processor_time
from tests.bench.rig import STORES, rig
from tests.processes import ROOT
from tests.services import _free_port

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from tests.bench.rig import Rig, Run
    from tests.bench.stores import PostgreSQL, SQLite, Store

WORKERS, THREADS, CONNECTIONS = 2, 4, 4
BATCH, WIDE = 1000, 50
ONE, MANY = "POST /events", f"POST /events/batch, {BATCH:,} each"
HEAD = ["", "events/s", "µs CPU each", "web", "database", "client", "CPU allows"]
PARTS = ("web", "database", "client")
PATIENCE = 60


class Line(NamedTuple):
    """What is measured: a row of the table."""

    store: Store
    way: str


class Measured(NamedTuple):
    """Events per second, and processor µs of each part for each event."""

    rate: float
    costs: dict[str, float]


def main(words: Sequence[str] | None = None) -> None:
    full = {"singles": 2_000, "batches": 20, "fan_outs": 200, "runs": 3}
    quick = {"singles": 200, "batches": 3, "fan_outs": 20, "runs": 1}
    chosen = sizes("ingest", full=full, quick=quick, words=words)
    with rig(chosen.only or STORES[:2]) as standing, _all_set_up(standing) as databases:
        lines = [Line(store, way) for store in standing.stores for way in (ONE, MANY)]
        results: dict[Line, list[Measured]] = {line: [] for line in lines}
        wide: dict[Store, list[float]] = {store: [] for store in standing.stores}
        # One of each in turn: what disturbs the machine disturbs all of them.
        for _ in range(chosen.runs):
            for store in standing.stores:
                with standing.run(store, databases[store.database]) as run:
                    wide[store].append(_fan_out(run, chosen.fan_outs))
                    for way, measured in _published(run, chosen).items():
                        results[Line(store, way)].append(measured)
    title = f"Ingest: events of 1 KiB, gunicorn with {WORKERS} x {THREADS} threads"
    say(table(title, HEAD, _rows(results)))
    say(table(*_fan_out_table(wide)))


@contextmanager
def _all_set_up(
    standing: Rig,
) -> Iterator[Mapping[SQLite | PostgreSQL, SQLite | PostgreSQL]]:
    """Acme with one webhook, and Wide with many in one subsidiary."""
    addresses = [f"http://127.0.0.1:9/hook/{number}" for number in range(WIDE)]
    prepared = {}
    with ExitStack() as kept:
        for store in standing.stores:
            run = kept.enter_context(standing.run(store, store.database))
            run.perform(set_up={"hooks": {"ACME": addresses[:1], "WIDE": addresses}})
            run.database.query(
                "UPDATE subscriptions_webhook SET subsidiary_id = ("
                "SELECT min(id) FROM subscriptions_subsidiary AS place"
                " WHERE place.tenant_id = subscriptions_webhook.tenant_id)"
            )
            prepared[store.database] = run.database
        yield prepared


def _published(run: Run, chosen: argparse.Namespace) -> dict[str, Measured]:
    client = _managed(run, "create_api_client", "--company-code", "ACME", "--name", "B")
    with _web(run) as (pid, port):
        job = {"port": port, "token": _token(port, client)}
        for _ in range(2):  # Until each process has served each way once.
            _measured(pid, job | {"requests": 20, "batch": 0})
            _measured(pid, job | {"requests": 4, "batch": 10})
        return {
            ONE: _measured(pid, job | {"requests": chosen.singles, "batch": 0}),
            MANY: _measured(pid, job | {"requests": chosen.batches, "batch": BATCH}),
        }


@contextmanager
def _web(run: Run) -> Iterator[tuple[int, int]]:
    """Run gunicorn; yields its pid and port."""
    port = _free_port()
    server = [sys.executable, "-m", "gunicorn", "--no-control-socket"]
    kind = ["--workers", str(WORKERS), "--threads", str(THREADS)]
    bind = ["--bind", f"127.0.0.1:{port}", "webhooks_project.wsgi"]
    # The client speaks HTTP, and the log is that of production.
    settings = {"SECURE_SSL_REDIRECT": "false", "LOG_LEVEL": "INFO"}
    with (run.rig.folder / "web.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 (our own command line)
            [*server, *kind, *bind],
            cwd=ROOT,
            env=run.environment | settings,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_until_serving(port)
        yield process.pid, port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_serving(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            requests.get(f"http://127.0.0.1:{port}/livez", timeout=PATIENCE)
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
        else:
            return
    message = "The web server did not start."
    raise TimeoutError(message)


def _token(port: int, client: dict[str, str]) -> str:
    form = {name: client[name] for name in ("client_id", "client_secret")}
    form["grant_type"] = "client_credentials"
    address = f"http://127.0.0.1:{port}/oauth/token"
    token: str = requests.post(address, data=form, timeout=30).json()["access_token"]
    return token


def _measured(web: int, job: dict[str, Any]) -> Measured:
    command = [sys.executable, "-m", "tests.bench.publisher"]
    words = json.dumps({"connections": CONNECTIONS} | job)
    before = processor_time(web, os.getpid())
    done = subprocess.run(  # noqa: S603 (our own command line)
        command, input=words, capture_output=True, text=True, cwd=ROOT, check=True
    )
    after = processor_time(web, os.getpid())
    took = json.loads(done.stdout)
    events = job["requests"] * (job["batch"] or 1)
    spent = {
        "web": after["product"] - before["product"],
        "database": after.get("database", 0) - before.get("database", 0),
        "client": took["processor"],
    }
    costs = {part: seconds / events * 1e6 for part, seconds in spent.items()}
    return Measured(events / took["seconds"], costs)


def _fan_out(run: Run, times: int) -> float:
    """Milliseconds of database time of one publication, the median of many."""
    return middle(_output(run, "-m", "tests.bench.fan_out", "WIDE", str(times)))


def _managed(run: Run, *words: str) -> dict[str, str]:
    found: dict[str, str] = _output(run, "manage.py", *words, "--format", "json")
    return found


def _output(run: Run, *words: str) -> Any:
    done = subprocess.run(  # noqa: S603 (our own command line)
        [sys.executable, *words],
        cwd=ROOT,
        env=run.environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def _rows(results: Mapping[Line, Sequence[Measured]]) -> list[list[str]]:
    return [
        [
            f"{line.store.name}: {line.way}",
            spread([each.rate for each in measured]),
            f"{_total(measured):,.0f}",
            *(f"{middle(m.costs[part] for m in measured):,.0f}" for part in PARTS),
            # If these processes had all cores for themselves.
            f"{(os.cpu_count() or 1) * 1e6 / _total(measured):,.0f}/s",
        ]
        for line, measured in results.items()
    ]


def _total(measured: Sequence[Measured]) -> float:
    return middle(sum(each.costs.values()) for each in measured)


def _fan_out_table(
    wide: Mapping[Store, Sequence[float]],
) -> tuple[str, list[str], list[list[str]]]:
    title = f"Fan-out: one event to {WIDE} webhooks, statements and commit"
    rows = [
        [store.name, f"{middle(found):.1f} ({min(found):.1f}-{max(found):.1f})"]
        for store, found in wide.items()
    ]
    return title, ["", "ms of database time"], rows


if __name__ == "__main__":
    main()
