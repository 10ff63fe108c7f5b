"""A receiver that costs little: it answers 200 at once and notes who came when.

One process, one thread, no framework: it shares two cores with what it measures. What
comes to ``/hangs/…`` is read and never answered. Over plain HTTP it also takes orders:

``GET /await/<kind>/<n>``  answers when the n-th request to ``/<kind>/…`` has arrived
``GET /arrivals``          [[moment, kind, event id], …], in the order of arrival
``GET /reset``             forgets them
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import ssl
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HANGS = "hangs"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Connection:
    __slots__ = ("buffer", "is_shaken", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""
        self.is_shaken = not isinstance(sock, ssl.SSLSocket)

    def is_closed(self) -> bool:
        """Read what is there; True when the other side has gone."""
        try:
            if not self.is_shaken:
                self.sock.do_handshake()
                self.is_shaken = True
            while part := self.sock.recv(65536):
                self.buffer += part
                # Only TLS keeps something back that the poll does not see.
                if not isinstance(self.sock, ssl.SSLSocket) or not self.sock.pending():
                    return False
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            return True
        return True

    def requests(self) -> Iterable[bytes]:
        """The heads of the requests that are here with their bodies."""
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            whole = end + 4 + int(field(head, b"content-length") or 0)
            if len(self.buffer) < whole:
                return
            self.buffer = self.buffer[whole:]
            yield head


def field(head: bytes, name: bytes) -> bytes:
    """A header field's value; empty when it is not there."""
    start = head.lower().find(b"\r\n" + name + b":")
    if start < 0:
        return b""
    start += len(name) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)].strip()


class Receiver:
    def __init__(self) -> None:
        self._poll = select.epoll()
        self._listeners: dict[int, tuple[socket.socket, ssl.SSLContext | None]] = {}
        self._connections: dict[int, Connection] = {}
        self._awaited: tuple[str, int, Connection] | None = None
        self._forget()

    def listen(
        self, addresses: Iterable[str], context: ssl.SSLContext | None = None
    ) -> int:
        """Listen at each of *addresses*, all on one port, which is returned."""
        port = 0
        for address in addresses:
            sock = socket.create_server((address, port), backlog=512)
            sock.setblocking(False)
            port = sock.getsockname()[1]
            self._listeners[sock.fileno()] = (sock, context)
            self._poll.register(sock, select.EPOLLIN)
        return port

    def serve(self) -> None:
        while True:
            for number, _ in self._poll.poll():
                if number in self._listeners:
                    self._accept(*self._listeners[number])
                else:
                    self._read(number, self._connections[number])

    def _accept(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        sock, _ = listener.accept()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            sock = context.wrap_socket(
                sock, server_side=True, do_handshake_on_connect=False
            )
        self._connections[sock.fileno()] = Connection(sock)
        self._poll.register(sock, select.EPOLLIN)

    def _read(self, number: int, connection: Connection) -> None:
        is_closed = connection.is_closed()
        for head in connection.requests():
            self._take(head, connection)
        if is_closed:
            del self._connections[number]
            connection.sock.close()

    def _take(self, head: bytes, connection: Connection) -> None:
        method, path, _ = head.split(b" ", 2)
        if method == b"GET":
            self._obey(path.decode(), connection)
            return
        kind = path.split(b"/", 2)[1].decode()
        self._arrivals.append((time.monotonic(), kind, field(head, b"webhook-id")))
        self._counts[kind] += 1
        if kind != HANGS:
            with suppress(OSError):
                connection.sock.send(ANSWER)
        self._tell_who_waits()

    def _obey(self, path: str, connection: Connection) -> None:
        _, order, *words = path.split("/")
        if order == "await":
            self._awaited = (words[0], int(words[1]), connection)
            self._tell_who_waits()
        elif order == "arrivals":
            rows = [[at, kind, name.decode()] for at, kind, name in self._arrivals]
            _say(connection, json.dumps(rows))
        else:
            self._forget()
            _say(connection, "")

    def _tell_who_waits(self) -> None:
        if self._awaited is None:
            return
        kind, count, connection = self._awaited
        if self._counts[kind] >= count:
            self._awaited = None
            _say(connection, "")

    def _forget(self) -> None:
        self._arrivals: list[tuple[float, str, bytes]] = []
        self._counts: Counter[str] = Counter()


def _say(connection: Connection, text: str) -> None:
    body = text.encode()
    connection.sock.setblocking(True)
    with suppress(OSError):
        connection.sock.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
    connection.sock.setblocking(False)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("certificate", help="PEM: key and chain")
    parser.add_argument("addresses", nargs="+")
    given = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(given.certificate)
    receiver = Receiver()
    ports = [
        receiver.listen(given.addresses),
        receiver.listen(given.addresses, context),
    ]
    sys.stdout.write(f"{json.dumps(ports)}\n")
    sys.stdout.flush()
    with suppress(KeyboardInterrupt):
        receiver.serve()


if __name__ == "__main__":
    main()
