"""Where the demo's processes find each other: files, ports, addresses."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"
ORDERS = "/orders"
RECOVERING = "/recovering"
PORTS_TRIED = 100


@dataclass(frozen=True, slots=True)
class Places:
    folder: Path
    web_port: int
    receiver_port: int

    @property
    def database(self) -> Path:
        return self.folder / "db.sqlite3"

    @property
    def ca_bundle(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def certificate(self) -> Path:
        """The receiver's, with its key."""
        return self.folder / "receiver.pem"

    @property
    def signing_secrets(self) -> Path:
        """What the receiver knows: path → secret, in JSON."""
        return self.folder / "signing_secrets.json"

    @property
    def web_address(self) -> str:
        return f"http://{HOST}:{self.web_port}"

    def receiver_url(self, path: str) -> str:
        return f"https://{HOST}:{self.receiver_port}{path}"


def environment(places: Places) -> dict[str, str]:
    """What makes a process of ours one of the demo's, whatever the shell has set."""
    return {
        "DATABASE_URL": f"sqlite:///{quote(str(places.database))}",
        "REDIS_URL": "",
        "DEBUG": "1",
        "DJANGO_SECRET_KEY": "",
        "ALLOWED_HOSTS": f"localhost,{HOST}",
        "EMAIL_URL": "consolemail://",
        "LOG_LEVEL": "WARNING",
        "WEBHOOKS_ENCRYPTION_KEYS": "",
        "WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.0/8",
        "WEBHOOKS_CA_BUNDLE": str(places.ca_bundle),
        # The receiver stands before the web service, as a proxy with TLS would.
        "WEBHOOKS_INBOX": f"https://{HOST}:{places.receiver_port}",
        "WEBHOOKS_HEADER_PREFIX": "X-Alvys-",
        "PYTHONUNBUFFERED": "1",
        # In development WhiteNoise finds static files where the apps keep them.
        "PYTHONWARNINGS": "ignore:No directory at:UserWarning",
    }


def free_port(first: int) -> int:
    """Return *first*, or the next port that nobody listens on; raises OSError."""
    for port in range(first, first + PORTS_TRIED):
        with socket.socket() as probe, suppress(OSError):
            # As servers do: a port whose last connection has just closed is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return port
    message = f"No free port from {first} to {first + PORTS_TRIED - 1}."
    raise OSError(message)


def write_private(path: Path, content: bytes) -> None:
    """For the owner's eyes only; a reader finds the old content or the new one."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)
