"""Does anything slow down once 5 million attempts are stored?

``python -m tests.bench.scale`` times each operation on a database that holds the webhooks
alone (and one page of log, lest a page cost nothing) and on one with a month of
deliveries, in turn, and prints the medians with the indexes that are used; then what the
pages of the dashboard cost on the full one. It starts a PostgreSQL of its own; with
DATABASE_URL it works on that server, in databases ``scale_empty`` and ``scale_full`` that
it creates, and finds again the next time.
"""

from __future__ import annotations

import logging
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import django
import psycopg
from django.db import connections

from tests import services
from tests.bench.options import sizes
from tests.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NAMES = ("scale_empty", "scale_full")
# Slower by more than this on the full database, and the run has failed.
TOLERATED = 1.2
# How often a page is asked for: it is compared with nothing.
PAGES = 15

Operations = dict[str, "Callable[[], object]"]


def main(words: Sequence[str] | None = None) -> int:
    full = {"deliveries": 2_000_000, "runs": 60}
    quick = {"deliveries": 20_000, "runs": 5}
    flags = {"explain": "print the plans, too"}
    chosen = sizes("scale", full=full, quick=quick, words=words, flags=flags)
    with _server() as url:
        for name, deliveries in zip(NAMES, (0, chosen.deliveries), strict=True):
            _make(url, name, deliveries=deliveries)
        _start_django(_named(url, NAMES[0]))
        slow = _compare(runs=chosen.runs, explain=chosen.explain)
        with _on(NAMES[1]):
            return min(slow + _open_pages(runs=min(chosen.runs, PAGES)), 1)


@contextmanager
def _server() -> Iterator[str]:
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    home = services.find_postgresql()
    if home is None:
        sys.exit("PostgreSQL is not installed.")
    with services.postgresql(home) as url:
        yield url


def _named(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _make(url: str, name: str, *, deliveries: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(known, [name]).fetchone():
            return
        connection.execute(f"CREATE DATABASE {name}")
    environment = os.environ | {
        "DATABASE_URL": _named(url, name),
        "DJANGO_SETTINGS_MODULE": "webhooks_project.settings",
        "LOG_LEVEL": "WARNING",
    }
    for words in (
        ["manage.py", "migrate", "--verbosity", "0"],
        ["-m", "tests.bench.seed", "--deliveries", str(deliveries)],
    ):
        command = [sys.executable, *words]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)  # noqa: S603


def _start_django(url: str) -> None:
    os.environ["DATABASE_URL"] = url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webhooks_project.settings")
    # As many calls as we like.
    os.environ |= {"WEBHOOKS_RATE_PER_TOKEN": "0", "WEBHOOKS_RATE_PER_TENANT": "0"}
    os.environ["ALLOWED_HOSTS"] = "testserver"
    django.setup()
    logging.disable(logging.WARNING)


@contextmanager
def _on(name: str) -> Iterator[None]:
    """Everything that asks for the database gets that one."""
    default = connections["default"]
    if default.settings_dict["NAME"] != name:
        kept = _connections.setdefault(
            name, type(default)(default.settings_dict | {"NAME": name}, "default")
        )
        connections["default"] = kept
    try:
        yield
    finally:
        connections["default"] = default


_connections: dict[str, object] = {}


def _compare(*, runs: int, explain: bool) -> int:
    from tests.bench.operations import Engine, choose_cast, reads
    from tests.bench.plans import statements

    sides: dict[str, Operations] = {}
    for name in NAMES:
        with _on(name):
            cast = choose_cast()
            sides[name] = Engine(cast.publisher).steps() | reads(cast)
    times = _timed(sides, runs=runs)
    slow = 0
    _say(f"{'':32}{'empty':>10}{'full':>10}{'ratio':>8}  indexes on the full one")
    with _on(NAMES[1]):
        for operation, run in sides[NAMES[1]].items():
            with statements() as found:
                run()
            empty, full = (statistics.median(times[n][operation]) for n in NAMES)
            slow += full > TOLERATED * empty
            used = ", ".join(found.indexes())
            whole = [f"{table} (whole)" for table in found.read_whole()]
            numbers = f"{empty * 1e3:7.2f} ms{full * 1e3:7.2f} ms{full / empty:8.2f}"
            _say(f"{operation:32}{numbers}  {', '.join([used, *whole])}")
            if explain:
                _say(found.explained())
    return slow


def _open_pages(*, runs: int) -> int:
    from tests.bench.pages import measure

    return measure(runs=runs)


def _timed(
    sides: dict[str, Operations], *, runs: int
) -> dict[str, dict[str, list[float]]]:
    """Side by side, so that what else the machine does falls on both."""
    times = {name: {each: [] for each in sides[name]} for name in NAMES}
    for number in range(runs + 5):
        for name in NAMES if number % 2 else reversed(NAMES):
            with _on(name):
                for operation, run in sides[name].items():
                    started = time.perf_counter()
                    run()
                    took = time.perf_counter() - started
                    # The first ones fill caches.
                    if number >= 5:
                        times[name][operation].append(took)
    return times


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
