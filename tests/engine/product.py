"""The product as processes on a database of its own, used as its users use it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import requests

from tests.engine.family import Family, Reach, family, signal_to
from tests.processes import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 40
# What a service manager gives them (docs/operations.md).
TIME_TO_STOP = 60
# A guard, no promise: all migrations, on a machine that has other things to do.
TIME_OF_A_COMMAND = 300


class Product:
    """Workers and a web server, each with all the processes that it has started."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment | {
            "PATH": os.environ["PATH"],
            "WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.0/8",
            # The lease is 15 s longer: what a killed worker held is due again then.
            "WEBHOOKS_TIMEOUT": "1",
            "WEB_CONCURRENCY": "1",
            # As often as a test likes.
            "WEBHOOKS_RATE_PER_TOKEN": "0",
            "WEBHOOKS_RATE_PER_TENANT": "0",
            "WEBHOOKS_INGEST_RATE": "0",
        }
        self._groups: dict[str, subprocess.Popen[bytes]] = {}
        self._base = ""
        self._token = ""

    def change(self, **environment: str) -> None:
        """For what is started from now on."""
        self._environment |= environment

    @property
    def database_url(self) -> str:
        return self._environment["DATABASE_URL"]

    @property
    def database(self) -> str:
        """Its file, or its name on the server."""
        url = self.database_url.partition("?")[0]
        _, is_file, path = url.partition("sqlite:///")
        return path if is_file else url.rpartition("/")[2]

    def command(self, *words: str) -> str:
        done = subprocess.run(  # noqa: S603 (our own command line)
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=TIME_OF_A_COMMAND,
        )
        return done.stdout

    def set_up(self) -> dict[str, str]:
        """Create the tables, Acme, and a client of it, which is returned."""
        self.command("migrate", "--verbosity", "0")
        acme = ["--company-code", "ACME", "--name", "Acme", "--format", "json"]
        self.command("create_tenant", *acme, "--subsidiary", "MAIN")
        client: dict[str, str] = json.loads(self.command("create_api_client", *acme))
        return client

    def start_workers(self, *options: str) -> None:
        self._start("workers", [sys.executable, "manage.py", "work", *options])

    def kill_workers(self) -> None:
        """SIGKILL for all of them at once, and for who watches over them."""
        self._end("workers", signal.SIGKILL)

    def stop_workers(self, *, reach: Reach = Reach.MAIN) -> float:
        """SIGTERM, as a service manager sends it. Returns how many seconds it took."""
        workers, begun = self._groups.pop("workers"), time.monotonic()
        for pid in self._reached(workers.pid, reach):
            signal_to(pid, signal.SIGTERM)
        workers.wait(TIME_TO_STOP)
        return time.monotonic() - begun

    def _reached(self, pid: int, reach: Reach) -> list[int]:
        return {
            Reach.MAIN: [pid],
            # A negative number is a process group.
            Reach.GROUP: [-pid],
            Reach.EVERYBODY: [each.pid for each in family(pid)],
        }[reach]

    def family(self) -> Family:
        """All processes of the workers, as they are now."""
        return Family(family(self._groups["workers"].pid))

    def start_web(
        self, client: dict[str, str], *, application: str = "webhooks_project.wsgi"
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
        server = [sys.executable, "-m", "gunicorn", "--threads", "4"]
        self._start("web", [*server, "--bind", address, application])
        self._base = f"http://{address}"
        wait_until(self._is_serving)
        self._token = self.ask_for_token(client).json()["access_token"]

    def ask_for_token(self, client: dict[str, str]) -> requests.Response:
        return requests.post(
            f"{self._base}/oauth/token",
            json={
                "grant_type": "client_credentials",
                "client_id": client["client_id"],
                "client_secret": client["client_secret"],
            },
            timeout=30,
        )

    def probe(self, path: str) -> requests.Response:
        return requests.get(f"{self._base}{path}", timeout=30)

    def stop_web(self) -> None:
        self._end("web", signal.SIGKILL)

    def call(
        self, method: str, path: str, body: Any = None, *, below: str = "/api/p/v3"
    ) -> requests.Response:
        return requests.request(
            method,
            f"{self._base}{below}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=30,
        )

    def create_webhook(self, url: str, events: list[str]) -> dict[str, Any]:
        body = {"Name": url, "SubsidiaryId": "MAIN", "Url": url, "Events": events}
        webhook: dict[str, Any] = self.call("POST", "/webhooks", body).json()
        return webhook

    def wait_for_status(self, webhook: dict[str, Any], status: str) -> dict[str, Any]:
        path = f"/webhooks/{webhook['Id']}"
        wait_until(lambda: self.call("GET", path).json()["Status"] == status)
        found: dict[str, Any] = self.call("GET", path).json()
        return found

    def start_node(self, name: str) -> None:
        """Workers of another machine, as far as they can tell."""
        self._start(name, [sys.executable, "manage.py", "qcluster"])

    def kill_node(self, name: str) -> None:
        """SIGKILL for all of that node's processes at once."""
        self._end(name, signal.SIGKILL)

    def close(self) -> None:
        for name in list(self._groups):
            self._end(name, signal.SIGKILL)

    def output(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()

    def _start(self, name: str, command: list[str]) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._groups[name] = subprocess.Popen(  # noqa: S603 (our own command line)
                command,
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _end(self, name: str, signal_number: int) -> None:
        group = self._groups.pop(name)
        # Who is stopped starts no others while we look for them.
        signal_to(group.pid, signal.SIGSTOP)
        for process in family(group.pid):
            signal_to(process.pid, signal_number)
        group.wait(PATIENCE)

    def _is_serving(self) -> bool:
        try:
            return self.probe("/livez").ok
        except requests.ConnectionError:
            return False


def wait_until(condition: Any, *, patience: float = PATIENCE) -> None:
    """Look again and again, but not for ever."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, condition
        time.sleep(0.05)
