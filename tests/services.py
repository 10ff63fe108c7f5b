"""PostgreSQL and Redis of our own, on free ports, for as long as a test run lasts."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATIENCE = 30
# Debian keeps PostgreSQL's programs out of the search path.
POSTGRESQL_HOMES = "/usr/lib/postgresql/*/bin"
POSTGRESQL_SETTINGS = {"max_connections": "200", "listen_addresses": "127.0.0.1"}
# Nothing here outlives the run: no write need reach the disk. Tables are short: to
# compile a query costs more than to run it.
IN_A_HURRY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
IN_A_HURRY |= {"jit": "off"}


def find_postgresql() -> Path | None:
    """The folder with initdb and postgres, the newest version first."""
    homes = sorted(Path("/").glob(POSTGRESQL_HOMES[1:]), key=_version, reverse=True)
    found = shutil.which("initdb")
    if found:
        homes.append(Path(found).resolve().parent)
    return next((home for home in homes if (home / "initdb").exists()), None)


def _version(home: Path) -> float:
    return float(home.parent.name)


def find_redis() -> Path | None:
    found = shutil.which("redis-server")
    return Path(found) if found else None


@contextmanager
def postgresql(home: Path, *, is_durable: bool = False) -> Iterator[str]:
    """Run a PostgreSQL; yields its DATABASE_URL. Durable: as in production, slower."""
    port, owner = _free_port(), _unprivileged_user()
    with _folder(owner) as folder:
        data = folder / "data"
        ownership = ["--username=postgres", "--auth=trust"]
        layout = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        _run([home / "initdb", data, *ownership, *layout], owner=owner)
        settings = POSTGRESQL_SETTINGS | ({} if is_durable else IN_A_HURRY)
        settings |= {"unix_socket_directories": str(folder)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [home / "postgres", "-D", data, f"--port={port}", *options]
        with _running(command, port=port, owner=owner, log=folder / "log"):
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"


@contextmanager
def redis(server: Path) -> Iterator[str]:
    """Run a Redis that stores nothing; yields its REDIS_URL."""
    port = _free_port()
    with _folder(None) as folder:
        options = ["--bind", "127.0.0.1", "--save", "", "--dir", folder]
        command = [server, "--port", str(port), *options]
        with _running(command, port=port, owner=None, log=folder / "log"):
            yield f"redis://127.0.0.1:{port}/0"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _unprivileged_user() -> str | None:
    """Whom PostgreSQL runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextmanager
def _folder(owner: str | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="webhooks-test-") as name:
        if owner is not None:
            shutil.chown(name, owner)
        yield Path(name)


def _run(command: Sequence[str | Path], *, owner: str | None) -> None:
    subprocess.run(  # noqa: S603 (our own command line)
        command, check=True, capture_output=True, cwd="/", **_as(owner)
    )


@contextmanager
def _running(
    command: Sequence[str | Path], *, port: int, owner: str | None, log: Path
) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (our own command line)
            command,
            stdout=output,
            stderr=output,
            cwd="/",
            # Ctrl-C is ours: the server ends when the run has ended.
            start_new_session=True,
            **_as(owner),
        )
    try:
        _wait_for(port, process, log)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def _as(owner: str | None) -> dict[str, object]:
    return {} if owner is None else {"user": owner, "group": owner, "extra_groups": ()}


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    message = f"{process.args} did not start:\n{log.read_text()}"
    raise RuntimeError(message)
