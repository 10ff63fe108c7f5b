"""An egress proxy on loopback: connects names to receivers, or answers as it is told."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass
class EgressProxy:
    """Leads each name of *routes* there. *answer* is said instead of all that.

    Of *endless*, one block is said after the other, *pause* seconds apart.
    """

    routes: dict[str, tuple[str, int]] = field(default_factory=dict)
    answer: bytes | None = None
    endless: bytes = b""
    pause: float = 0
    is_silent: bool = False
    host: str = "127.0.0.3"
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    relayed: bytes = b""

    def __post_init__(self):
        self._stopped = threading.Event()
        self._open = []
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._stopped.set()
        for each in [self._listener, *self._open]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self):
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with suppress(OSError), connection:
            head = self._head(connection)
            if self.is_silent:
                self._stopped.wait(5)
            elif self.endless:
                while not self._stopped.wait(self.pause):
                    connection.sendall(self.endless)
            elif self.answer is not None:
                connection.sendall(self.answer)
            else:
                self._connect(connection, head.split(" ")[1])

    def _head(self, connection):
        raw = b""
        while b"\r\n\r\n" not in raw:
            part = connection.recv(4096)
            if not part:
                raise ConnectionError
            raw += part
        head = raw.decode()
        self.heads.append(head)
        self.asked.append(head.split(" ")[1])
        return head

    def _connect(self, connection, authority):
        host, _, port = authority.rpartition(":")
        address = self.routes.get(host)
        with socket.create_connection(address or (host, int(port))) as far:
            self._open.append(far)
            connection.sendall(ESTABLISHED)
            back = threading.Thread(
                target=self._pump, args=[far, connection], daemon=True
            )
            back.start()
            self._pump(connection, far)
            back.join(timeout=5)

    def _pump(self, source, target):
        with suppress(OSError):
            while part := source.recv(65536):
                self.relayed += part
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)
