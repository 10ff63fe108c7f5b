"""The receiver as a process, from the side of who measures."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import trustme

from tests.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 300
CA_BUNDLE = "ca.pem"
# Each webhook has a host of its own, as in life.
HOSTS = 32
HTTP, HTTPS = 0, 1


class Arrival(NamedTuple):
    """*at*: by the clock that all processes of this machine share."""

    at: float
    kind: str
    event_id: str


@dataclass
class ReceiverProcess:
    pid: int
    ports: tuple[int, int]

    def urls(self, kind: str, count: int, *, scheme: int = HTTP) -> list[str]:
        name, port = ("http", "https")[scheme], self.ports[scheme]
        return [
            f"{name}://{host(number)}:{port}/{kind}/{number}" for number in range(count)
        ]

    def wait_for(self, kind: str, count: int) -> None:
        self._ask(f"/await/{kind}/{count}")

    def arrivals(self) -> list[Arrival]:
        return [Arrival(*row) for row in json.loads(self._ask("/arrivals"))]

    def forget(self) -> None:
        self._ask("/reset")

    def _ask(self, path: str) -> bytes:
        port = self.ports[HTTP]
        connection = http.client.HTTPConnection(host(0), port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()


def host(number: int) -> str:
    return f"127.0.0.{1 + number % HOSTS}"


@contextmanager
def receiver_process(folder: Path) -> Iterator[ReceiverProcess]:
    """Run one whose certificate is signed by *folder*'s CA_BUNDLE."""
    hosts = [host(number) for number in range(HOSTS)]
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / CA_BUNDLE))
    identity = authority.issue_cert(*hosts)
    identity.private_key_and_cert_chain_pem.write_to_path(str(folder / "receiver.pem"))
    command = [sys.executable, "-m", "tests.bench.receiver", folder / "receiver.pem"]
    process = subprocess.Popen(  # noqa: S603 (our own command line)
        [*command, *hosts],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        # Ctrl-C is ours: it ends when the run has ended.
        start_new_session=True,
    )
    try:
        http_port, https_port = json.loads(process.stdout.readline())
        yield ReceiverProcess(process.pid, (http_port, https_port))
    finally:
        process.terminate()
        process.communicate()
