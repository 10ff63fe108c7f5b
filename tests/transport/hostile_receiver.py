"""A receiver on loopback that misbehaves. The path of the request says how."""

from __future__ import annotations

import gzip
import itertools
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FORGED = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nFORGED"
BOMB = gzip.compress(bytes(2 * 1024 * 1024), 9)
BLOCK = b"A" * 0x4000


def sized(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


# Said whole, and the connection is kept.
ANSWERS = {
    "/ok": OK,
    "/chunked": CHUNKED + b"4\r\npong\r\n0\r\n\r\n",
    "/empty": b"HTTP/1.1 204 No Content\r\n\r\n",
    "/cookie": OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: sid=acme; Path=/\r\n\r\n"),
    "/gone": b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n",
    "/busy": b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    "/redirect": b"HTTP/1.1 307 Temporary Redirect\r\n"
    b"Location: https://elsewhere.example.test/ok\r\nContent-Length: 0\r\n\r\n",
    "/exact": sized(b"B" * 16384),
    "/over": sized(b"B" * 16385),
    "/long": sized(b"B" * 32768),
    "/gzip-bomb": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "
    b"%d\r\n\r\n%s" % (len(BOMB), BOMB),
    "/small-gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "
    b"%d\r\n\r\n%s" % (len(gzip.compress(b"pong")), gzip.compress(b"pong")),
    **{
        f"/as-{coding}": b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\n"
        b"Content-Length: 7\r\n\r\n\x1f\x8b\x08not!" % coding.encode()
        for coding in ("gzip", "deflate", "br", "zstd", "gzip,br", "unknown")
    },
    "/99-headers": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
    + b"X: v\r\n" * 98
    + b"\r\n",
    "/smuggle": OK + FORGED,
    "/early-hints": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + FORGED,
    # What is final comes late, or never.
    "/hints-alone": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "/status-204-body": b"HTTP/1.1 204 No Content\r\n\r\n" + FORGED,
    "/status-999": b"HTTP/1.1 999 Weird\r\nContent-Length: 0\r\n\r\n",
}

# Said whole, then the connection is closed.
LAST_WORDS = {
    "/silence": b"",
    "/half-close": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npartial",
    "/garbage": b"SSH-2.0-OpenSSH_9.2\r\n\x00\xff\xfe garbage\r\n\r\n",
    "/http09": b"<html>no status line</html>",
    "/bad-status": b"HTTP/1.1 two hundred\r\n\r\n",
    "/bad-chunk": CHUNKED + b"zz\r\npong\r\n",
    "/negative": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    "/two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
    b"Content-Length: 6\r\n\r\nhello!",
    "/many-headers": b"HTTP/1.1 200 OK\r\n"
    + b"".join(b"X-%d: v\r\n" % number for number in range(20000))
    + b"\r\n",
    "/100-headers": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
    + b"X: v\r\n" * 99
    + b"\r\n",
    "/chunked-and-sized": CHUNKED[:-2] + b"Content-Length: 100\r\n\r\n"
    b"4\r\npong\r\n0\r\n\r\n",
    "/huge-chunk": CHUNKED + b"f" * 40 + b"\r\npong\r\n",
    "/folded": b"HTTP/1.1 200 OK\r\nX-A: b\r\n c: d\r\nContent-Length: 4\r\n\r\npong",
    "/no-colon": b"HTTP/1.1 200 OK\r\nContent-Length 4\r\n\r\npong",
    "/http2": b"HTTP/2 200\r\n\r\n",
    "/until-close": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npong",
}

# Said first, then for ever.
ENDLESS = {
    "/infinite": (CHUNKED, b"4000\r\n" + BLOCK + b"\r\n"),
    "/infinite-close": (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", BLOCK),
    "/long-line": (b"HTTP/1.1 200 OK\r\nX-Big: ", BLOCK),
    "/endless-headers": (b"HTTP/1.1 200 OK\r\n", b"X-Big: " + BLOCK + b"\r\n"),
    "/continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
    "/chunk-extension": (CHUNKED + b"5;", BLOCK),
    "/tiny-chunks": (CHUNKED, b"1\r\nA\r\n" * 1000),
    "/endless-trailer": (CHUNKED + b"4\r\npong\r\n0\r\n", b"X-T: " + BLOCK + b"\r\n"),
}

# Said first, then one byte at a time.
DRIPPING = {
    "/hang": (b"", b""),
    "/drip-status": (b"", b"HTTP/1.1 200 OK\r\n" * 40),
    "/drip-body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x" * 1000),
}


@dataclass
class Received:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HostileReceiver:
    """Listens until closed. *mode* spoils the connection before any request."""

    host: str = "127.0.0.2"
    port: int = 0
    context: ssl.SSLContext | None = None
    mode: str = ""
    accepted: int = 0
    requests: list[Received] = field(default_factory=list)

    def __post_init__(self):
        self._stopped = threading.Event()
        self._threads = []
        self._open = set()
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.create_server((self.host, self.port), family=family)
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)

    def close(self):
        self._stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)
        self._listener.close()

    def _start(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._start(self._serve, connection)

    def _serve(self, raw):
        self._open.add(raw)
        with suppress(OSError), raw:
            if self.mode:
                self._spoil(raw)
            elif self.context:
                with self.context.wrap_socket(raw, server_side=True) as connection:
                    self._open.add(connection)
                    self._converse(connection)
            else:
                self._converse(raw)

    def _spoil(self, connection):
        if self.mode in {"no-handshake", "reads-nothing"}:
            self._stopped.wait(5)
        elif self.mode == "answers-unasked":
            connection.sendall(OK.replace(b"200 OK", b"413 Too Large"))
            self._stopped.wait(5)
        elif self.mode == "close-in-handshake":
            connection.recv(4096)
        elif self.mode == "handshake-drip":
            connection.recv(4096)
            connection.sendall(b"\x16\x03\x03\x40\x00")
            self._drip(connection, bytes(1000))

    def _converse(self, connection):
        with connection.makefile("rb") as stream:
            for number in itertools.count(1):
                request = _read_request(stream)
                if request is None:
                    return
                self.requests.append(request)
                if not self._answer(connection, request.path, number):
                    return

    def _answer(self, connection, path, number):
        """Answer the *number*-th request of a connection; ``False`` ends it."""
        if path in ANSWERS:
            connection.sendall(ANSWERS[path])
            return True
        if path in LAST_WORDS:
            connection.sendall(LAST_WORDS[path])
        elif path in ENDLESS:
            self._repeat(connection, *ENDLESS[path])
        elif path in DRIPPING:
            first, rest = DRIPPING[path]
            connection.sendall(first)
            self._drip(connection, rest)
        elif path == "/reset":
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif path == "/first-only" and number == 1:
            connection.sendall(OK)
            return True
        return False

    def _repeat(self, connection, first, block):
        connection.sendall(first)
        while not self._stopped.is_set():
            connection.sendall(block)

    def _drip(self, connection, data):
        for byte in data:
            if self._stopped.wait(0.05):
                return
            connection.sendall(bytes([byte]))
        self._stopped.wait(5)


def _read_request(stream):
    line = stream.readline().decode("latin1")
    if not line.startswith("POST "):
        return None
    method, path, _ = line.split(" ", 2)
    headers = {}
    for header in iter(stream.readline, b"\r\n"):
        name, value = header.decode("latin1").split(":", 1)
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Received(method, path, headers, body)
