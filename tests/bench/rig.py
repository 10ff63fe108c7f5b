"""All that a benchmark measures with: servers, a receiver, and the product's processes."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subscriptions.sealing import new_key
from tests import services
from tests.bench.processor import processor_time
from tests.bench.receiving import CA_BUNDLE, ReceiverProcess, receiver_process
from tests.bench.stores import PostgreSQL, SQLite, Store
from tests.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

PATIENCE = 300
STORES = ("SQLite", "PostgreSQL", "PostgreSQL, Redis")
UNFINISHED = "SELECT count(*) FROM deliveries_delivery WHERE state IN (0, 1)"


class Run:
    """The product on a database of its own, for one measurement."""

    def __init__(self, rig: Rig, store: Store, database: SQLite | PostgreSQL) -> None:
        self.rig = rig
        self.store = store
        self.database = database
        self.environment = rig.environment | store.environment(database)

    def perform(self, **steps: dict[str, Any]) -> None:
        """Have a process call functions of the stage, one after the other."""
        command = [sys.executable, "-m", "tests.bench.perform", json.dumps(steps)]
        subprocess.run(  # noqa: S603 (our own command line)
            command,
            cwd=ROOT,
            env=self.environment,
            check=True,
            start_new_session=True,
        )

    @contextmanager
    def workers(self) -> Iterator[int]:
        """Run the workers; yields the pid of the main process."""
        command = [sys.executable, "manage.py", "qcluster"]
        with (self.rig.folder / "workers.log").open("ab") as log:
            # A group of its own, so that all of it ends, and at once: what hangs
            # would be waited for, and the database is thrown away.
            process = subprocess.Popen(  # noqa: S603 (our own command line)
                command,
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def processor_time(self, workers: int) -> dict[str, float]:
        return processor_time(workers, self.rig.receiver.pid)

    @property
    def receiver(self) -> ReceiverProcess:
        return self.rig.receiver

    def move_webhooks_to(self, urls: Sequence[str]) -> None:
        """Let the first webhook point to the first of *urls*, and so on."""
        for number, url in enumerate(urls):
            self.database.query(
                f"UPDATE subscriptions_webhook SET url = '{url}'"  # noqa: S608
                f" WHERE url LIKE '%/{number}'"
            )

    def wait_until_recorded(self) -> float:
        """Returns the moment."""
        deadline = time.monotonic() + PATIENCE
        while self.database.query(UNFINISHED) != [(0,)]:
            if time.monotonic() > deadline:
                message = "Not all deliveries were recorded."
                raise TimeoutError(message)
            time.sleep(0.02)
        return time.monotonic()


@dataclass
class Rig:
    folder: Path
    environment: dict[str, str]
    receiver: ReceiverProcess
    stores: list[Store]

    def create_tables(self) -> None:
        for store in {store.database: store for store in self.stores}.values():
            Run(self, store, store.database).perform(create_tables={})

    @contextmanager
    def run(self, store: Store, database: SQLite | PostgreSQL) -> Iterator[Run]:
        """Work on a copy of *database*, with nothing in the broker."""
        with database.copied() as copy:
            self.receiver.forget()
            store.empty_broker(copy)
            yield Run(self, store, copy)

    def best_store(self) -> Store:
        """PostgreSQL where there is one."""
        return next((s for s in self.stores if s.name != STORES[0]), self.stores[0])


@contextmanager
def rig(only: Sequence[str] = ()) -> Iterator[Rig]:
    """Everything, for as long as the context lasts; *only*: the stores to have."""
    with ExitStack() as running:
        # SIGTERM as Ctrl-C: what was started is ended.
        former = signal.signal(signal.SIGTERM, signal.default_int_handler)
        running.callback(signal.signal, signal.SIGTERM, former)
        folder = Path(
            running.enter_context(tempfile.TemporaryDirectory(prefix="webhooks-bench-"))
        )
        stores = list(_stores(only or STORES, folder, running))
        receiver = running.enter_context(receiver_process(folder))
        standing = Rig(folder, _environment(folder), receiver, stores)
        standing.create_tables()
        yield standing


def _stores(
    wanted: Collection[str], folder: Path, running: ExitStack
) -> Iterator[Store]:
    """Those of *wanted* that are installed."""
    on_sqlite, on_postgresql, with_redis = STORES
    if on_sqlite in wanted:
        yield Store(on_sqlite, SQLite(folder))
    home, server = services.find_postgresql(), services.find_redis()
    if home is None or not {on_postgresql, with_redis} & set(wanted):
        return
    url = running.enter_context(services.postgresql(home, is_durable=True))
    if on_postgresql in wanted:
        yield Store(on_postgresql, PostgreSQL(url))
    if server is not None and with_redis in wanted:
        redis_url = running.enter_context(services.redis(server))
        yield Store(with_redis, PostgreSQL(url), redis_url)


def _environment(folder: Path) -> dict[str, str]:
    """As in production, except that receivers live on loopback."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "webhooks_project.settings",
        "DEBUG": "false",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(64),
        "WEBHOOKS_ENCRYPTION_KEYS": new_key(key_id="bench"),
        "LOG_LEVEL": "WARNING",
        "WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.0/8",
        "WEBHOOKS_ALLOW_HTTP": "true",
        # Counted, as in production, and more than anybody can ask for.
        "WEBHOOKS_RATE_PER_TOKEN": "1000000",
        "WEBHOOKS_RATE_PER_TENANT": "1000000",
        "WEBHOOKS_EXPORTS_AT_ONCE": "0",
        "WEBHOOKS_INGEST_RATE": "1000000",
        "WEBHOOKS_CA_BUNDLE": str(folder / CA_BUNDLE),
    }
