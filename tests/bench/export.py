"""The export of a long log: how long, how soon, and in how much memory.

Through gunicorn, to a client that reads as fast as it can, to one that takes its time,
and to several at once. Memory is the most that any web process took above what it had
when it was idle.
"""

from __future__ import annotations

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import requests

from tests.bench.figures import middle, ms, say, table
from tests.bench.ingest import _managed, _token, _web
from tests.bench.options import sizes
from tests.bench.processor import processor_time
from tests.bench.rig import STORES, rig

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.bench.rig import Rig, Run
    from tests.bench.stores import Store

AT_ONCE = 4
PIECE = 64 * 1024
# With the pause after each piece, 8 MB take 8 s more than they would.
PAUSE = 0.065
# Lines that are no entry.
FRAME = {"csv": 1, "json": 2}
# Name, format, how many at once, seconds to wait after each piece.
WAYS = (
    ("CSV", "csv", 1, 0.0),
    ("JSON", "json", 1, 0.0),
    ("CSV, a slow client", "csv", 1, PAUSE),
    (f"CSV, {AT_ONCE} at once", "csv", AT_ONCE, 0.0),
)
HEAD = ["", "rows", "first byte ms", "seconds", "CPU s web", "CPU s database", "MB over idle"]  # fmt: skip


class Measured(NamedTuple):
    rows: int
    first_byte: float
    seconds: float
    web: float
    database: float
    memory: float


class Client(NamedTuple):
    address: str
    token: str

    def export(
        self, form: str, *, pause: float = 0, **narrowed: int
    ) -> tuple[int, float]:
        """Read an export; return its rows and when its first byte came."""
        started, rows, first_byte = time.perf_counter(), 0, 0.0
        headers = {"Authorization": f"Bearer {self.token}"}
        with requests.get(
            self.address,
            params={"Format": form, **narrowed},
            headers=headers,
            stream=True,
            timeout=60,
        ) as answer:
            answer.raise_for_status()
            for piece in answer.iter_content(PIECE):
                first_byte = first_byte or time.perf_counter() - started
                rows += piece.count(b"\n")
                time.sleep(pause)
        return rows - FRAME[form], first_byte


def main(words: Sequence[str] | None = None) -> None:
    full, quick = {"entries": 25_000, "runs": 3}, {"entries": 2_000, "runs": 1}
    chosen = sizes("export", full=full, quick=quick, words=words)
    results: dict[tuple[Store, str], list[Measured]] = {}
    with rig(chosen.only or STORES[:2]) as standing:
        for store in standing.stores:
            found = _of(standing, store, entries=chosen.entries, runs=chosen.runs)
            results |= {(store, way): measured for way, measured in found.items()}
    title = "Export of a delivery log, gunicorn with 2 x 4 threads"
    say(table(title, HEAD, _rows(results)))


def _of(
    standing: Rig, store: Store, *, entries: int, runs: int
) -> dict[str, list[Measured]]:
    with standing.run(store, store.database) as run:
        run.perform(
            set_up={"hooks": {"ACME": ["http://127.0.0.1:9/hook/0"]}},
            fill_log={"code": "ACME", "count": entries},
        )
        run.database.settle()
        named = ("--company-code", "ACME", "--name", "B")
        credentials = _managed(run, "create_api_client", *named)
        with _web(run) as (pid, port):
            client = _client(run, port, _token(port, credentials))
            # Until each process has served some, and small ones.
            for _ in range(10):
                client.export("csv", Page=0, PageSize=1)
            return {
                way: [
                    _measured(pid, client, form, at_once=at_once, pause=pause)
                    for _ in range(runs)
                ]
                for way, form, at_once, pause in WAYS
            }


def _client(run: Run, port: int, token: str) -> Client:
    base = f"http://127.0.0.1:{port}/api/p/v3/webhooks"
    headers = {"Authorization": f"Bearer {token}"}
    (webhook,) = requests.get(base, headers=headers, timeout=30).json()["Items"]
    return Client(f"{base}/{webhook['Id']}/delivery-logs/export", token)


def _measured(
    web: int, client: Client, form: str, *, at_once: int, pause: float
) -> Measured:
    processes = _processes(web)
    idle = {pid: _memory(pid, "VmRSS") for pid in processes}
    for pid in processes:
        # The highest so far starts anew.
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    before, started = processor_time(web, os.getpid()), time.perf_counter()
    found = _at_once(client, form, at_once=at_once, pause=pause)
    seconds, after = time.perf_counter() - started, processor_time(web, os.getpid())
    return Measured(
        rows=sum(rows for rows, _ in found),
        first_byte=max(first_byte for _, first_byte in found),
        seconds=seconds,
        web=after["product"] - before["product"],
        database=after.get("database", 0) - before.get("database", 0),
        memory=max(_memory(pid, "VmHWM") - idle[pid] for pid in processes),
    )


def _at_once(
    client: Client, form: str, *, at_once: int, pause: float
) -> list[tuple[int, float]]:
    with ThreadPoolExecutor(at_once) as pool:
        return list(
            pool.map(lambda _: client.export(form, pause=pause), range(at_once))
        )


def _processes(web: int) -> list[int]:
    children = Path(f"/proc/{web}/task/{web}/children").read_text()
    return [int(pid) for pid in children.split()]


def _memory(pid: int, name: str) -> float:
    """In MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _rows(
    results: Mapping[tuple[Store, str], Sequence[Measured]],
) -> Iterable[list[str]]:
    return [
        [
            f"{store.name}: {way}",
            f"{measured[0].rows:,}",
            ms(middle(each.first_byte for each in measured)),
            f"{middle(each.seconds for each in measured):.1f}",
            f"{middle(each.web for each in measured):.1f}",
            f"{middle(each.database for each in measured):.1f}",
            f"{max(each.memory for each in measured):.1f}",
        ]
        for (store, way), measured in results.items()
    ]


if __name__ == "__main__":
    main()
