"""Throughput with 1, 2 and 4 nodes on one PostgreSQL, and with one that dies.

``python -m tests.bench.nodes``. A node is a `qcluster` in a network namespace of its
own, where that can be had (see hosts.py). It has one worker: each node adds a core, as
long as there are any. Nothing may arrive twice as long as no node dies; when one dies,
the rest have sent everything once its leases have run out.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from redis import Redis

from tests import services
from tests.bench.figures import say, table
from tests.bench.hosts import NETWORK, hosts
from tests.bench.options import sizes
from tests.bench.processor import processor_time
from tests.bench.rig import STORES, ReceiverProcess, rig
from tests.processes import ROOT

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from tests.bench.hosts import Hosts
    from tests.bench.rig import Rig, Run
    from tests.bench.stores import Store

KIND = "quick"
WEBHOOKS = 40
NODES = (1, 2, 4)
# Short, so that a lease ends while somebody watches: it is 15 s longer.
TIMEOUT = 2
LEASE = TIMEOUT + 15
HEAD = [
    "",
    "nodes",
    "deliveries/s",
    "µs CPU each",
    "product",
    "database",
    "twice",
    "all sent after",
]


class Fate(NamedTuple):
    """What happens to the first of the nodes, once a quarter has arrived."""

    name: str
    befall: str = ""


CALM, KILLED, CUT_OFF = Fate(""), Fate("one killed", "kill"), Fate("one cut off", "cut")


@dataclass
class Network:
    """The rig, seen from the nodes."""

    rig: Rig
    hosts: Hosts
    receiver: ReceiverProcess

    def environment(self, run: Run) -> dict[str, str]:
        moved = {
            name: run.environment[name].replace("127.0.0.1", self.hosts.services)
            for name in ("DATABASE_URL", "REDIS_URL")
            if name in run.environment
        }
        allowed = {"WEBHOOKS_ALLOWED_NETWORKS": f"127.0.0.0/8,{NETWORK}.0/24"}
        limits = {"WEBHOOKS_TIMEOUT": f"{TIMEOUT}", "Q_WORKERS": "1"}
        return run.environment | moved | allowed | limits

    def urls(self) -> list[str]:
        base = f"http://{self.hosts.services}:{self.receiver.ports[0]}/{KIND}"
        return [f"{base}/{number}" for number in range(WEBHOOKS)]


def main(words: Sequence[str] | None = None) -> None:
    full, quick = {"events": 20_000, "runs": 2}, {"events": 3_000, "runs": 1}
    chosen = sizes("nodes", full=full, quick=quick, words=words)
    # Reached from other namespaces, too.
    services.POSTGRESQL_SETTINGS["listen_addresses"] = "*"
    wanted = [name for name in chosen.only or STORES if name in STORES[1:]]
    with rig(wanted) as standing, _network(standing) as network:
        if not network.hosts.are_separate:
            say("The nodes share one network: namespaces need root.")
        rows = [
            row for store in standing.stores for row in _rows(network, store, chosen)
        ]
    say(table(f"{chosen.events:,} events to {WEBHOOKS} webhooks", HEAD, rows))


def _rows(
    network: Network, store: Store, chosen: argparse.Namespace
) -> Iterator[list[str]]:
    with network.rig.run(store, store.database) as start:
        start.environment = network.environment(start)
        start.perform(
            set_up={"hooks": {"ACME": network.urls()}},
            pile_up={"code": "ACME", "count": chosen.events},
        )
        start.database.settle()
        cases = [(count, CALM) for count in NODES for _ in range(chosen.runs)]
        cases.append((2, KILLED))
        if network.hosts.are_separate:
            cases.append((2, CUT_OFF))
        for nodes, fate in cases:
            with network.rig.run(store, start.database) as run:
                run.environment = network.environment(run)
                store.empty_broker(run.database)
                network.receiver.forget()
                row = _measured(network, run, nodes, fate, count=chosen.events)
                say("  ".join(row))
                yield row


def _measured(
    network: Network, run: Run, nodes: int, fate: Fate, *, count: int
) -> list[str]:
    receiver = network.receiver
    with _started(network, run, nodes) as processes:
        receiver.wait_for(KIND, 1)
        before = _processor(processes, receiver)
        if fate.befall:
            receiver.wait_for(KIND, count // 4)
            _befall(fate, network, processes[0])
        ended = run.wait_until_recorded()
        after = _processor(processes, receiver)
    arrivals = receiver.arrivals()
    times = Counter(each.event_id for each in arrivals)
    if len(times) != count:
        say(f"{count - len(times)} of {count} never arrived.")
    took = ended - arrivals[0].at
    cost = {part: (after[part] - before[part]) / count * 1e6 for part in after}
    return [
        f"{run.store.name} {fate.name}".strip(),
        f"{nodes}",
        f"{count / took:,.0f}",
        *(f"{n:,.0f}" for n in (sum(cost.values()), cost["product"], cost["database"])),
        f"{sum(number > 1 for number in times.values())}",
        f"{took:.1f} s",
    ]


def _befall(fate: Fate, network: Network, process: subprocess.Popen[bytes]) -> None:
    if fate is CUT_OFF:
        network.hosts.cut_off(0)
    else:
        os.killpg(process.pid, signal.SIGKILL)


def _processor(
    processes: Sequence[subprocess.Popen[bytes]], receiver: ReceiverProcess
) -> dict[str, float]:
    each = [processor_time(process.pid, receiver.pid) for process in processes]
    return each[0] | {"product": sum(spent.get("product", 0) for spent in each)}


@contextmanager
def _started(
    network: Network, run: Run, nodes: int
) -> Iterator[list[subprocess.Popen[bytes]]]:
    processes = []
    try:
        with (network.rig.folder / "nodes.log").open("ab") as log:
            for node in range(nodes):
                command = [sys.executable, "manage.py", "qcluster"]
                process = subprocess.Popen(  # noqa: S603 (our own command line)
                    [*network.hosts.on(node), *command],
                    cwd=ROOT,
                    env=run.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
                processes.append(process)
        yield processes
    finally:
        for process in processes:
            # Of one that was killed before, nobody is left.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        network.hosts.reconnect(0)


@contextmanager
def _network(standing: Rig) -> Iterator[Network]:
    with ExitStack() as running:
        found = running.enter_context(hosts(max(NODES)))
        for store in standing.stores:
            _open_to_nodes(store)
        receiver = running.enter_context(_receiver(standing.folder, found))
        yield Network(standing, found, receiver)


def _open_to_nodes(store: Store) -> None:
    with psycopg.connect(store.database.url, autocommit=True) as connection:
        (path,) = connection.execute("SHOW hba_file").fetchone()
        with Path(path).open("a") as rules:
            rules.write(f"host all all {NETWORK}.0/24 trust\n")
        connection.execute("SELECT pg_reload_conf()")
    if store.redis_url:
        with Redis.from_url(store.redis_url) as connection:
            connection.config_set("protected-mode", "no")
            connection.config_set("bind", "*")


@contextmanager
def _receiver(folder: Path, found: Hosts) -> Iterator[ReceiverProcess]:
    addresses = dict.fromkeys(["127.0.0.1", found.services])
    command = [sys.executable, "-m", "tests.bench.receiver", folder / "receiver.pem"]
    process = subprocess.Popen(  # noqa: S603 (our own command line)
        [*command, *addresses], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        port, secure = process.stdout.readline().strip(b"[]\n").split(b",")
        yield ReceiverProcess(process.pid, (int(port), int(secure)))
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
