"""A PostgreSQL and a Redis that a test may kill, and start again where they were."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

from tests import services

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Server:
    """Started at once. Its data stays when it dies."""

    def __init__(
        self, command: Sequence[str | Path], *, url: str, port: int, log: Path
    ) -> None:
        self.url = url
        self._command = command
        self._port = port
        self._log = log
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (our own command line)
                self._command, stdout=log, stderr=log, cwd="/", **self._owner()
            )
        deadline = time.monotonic() + services.PATIENCE
        while not self._listens():
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)

    def stop(self, number: int) -> None:
        self._process.send_signal(number)
        self._process.wait(services.PATIENCE)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def _owner(self) -> dict[str, object]:
        return {}


class Postgresql(Server):
    """What it has committed is on disk: that is what the test is about."""

    STOP_AT_ONCE = signal.SIGQUIT

    def __init__(self, folder: Path) -> None:
        home = services.find_postgresql()
        assert home is not None
        owner, port = services._unprivileged_user(), services._free_port()
        data = folder / "data"
        account = ["--username=postgres", "--auth=trust", "--no-sync"]
        services._run([home / "initdb", data, *account], owner=owner)
        places = [f"--unix_socket_directories={folder}", "--listen_addresses=127.0.0.1"]
        super().__init__(
            [home / "postgres", "-D", data, f"--port={port}", *places],
            url=f"postgres://postgres@127.0.0.1:{port}/postgres",
            port=port,
            log=folder / "log",
        )

    def _owner(self) -> dict[str, object]:
        return services._as(services._unprivileged_user())


class Redis(Server):
    """It stores nothing: what it held is gone with it."""

    def __init__(self, folder: Path) -> None:
        server, port = services.find_redis(), services._free_port()
        assert server is not None
        where = ["--bind", "127.0.0.1", "--save", "", "--dir", folder]
        super().__init__(
            [server, "--port", str(port), *where],
            url=f"redis://127.0.0.1:{port}/0",
            port=port,
            log=folder / "log",
        )
