"""A receiver for the suite: real HTTPS on loopback, with answers from a script."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

HOST = "hooks.example.test"
BODILESS = {204, 304}


@dataclass(frozen=True)
class Received:
    """One request as it arrived; ``request["X-Alvys-Event"]`` is a header of it."""

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at: float

    def __getitem__(self, name: str) -> str:
        values = [v for known, v in self.headers if known.lower() == name.lower()]
        (value,) = values
        return value

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_challenge(self) -> bool:
        return self.body.startswith(b'{"type":"webhook.verification"')


@dataclass(frozen=True)
class Answer:
    """What the receiver does with a request. *body* may depend on what it received.

    *delay* comes before the answer, *drips* after each byte of the body: in seconds.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Callable[[Received], bytes] = b""
    delay: float = 0
    drips: float = 0
    hangs: bool = False
    drops: bool = False

    def body_for(self, request: Received) -> bytes:
        return self.body if isinstance(self.body, bytes) else self.body(request)


def accept_challenge(request: Received) -> bytes:
    return json.dumps({"challenge": request.json["challenge"]}).encode()


class Receiver:
    """Answers 200, and passes verification, unless a script says otherwise.

    A script is a row of answers, or of status codes, for one path; when it has been
    played to its end, the usual answer returns.
    """

    def __init__(
        self, context: ssl.SSLContext, *, address: tuple[str, int] = ("127.0.0.1", 0)
    ) -> None:
        self.requests: list[Received] = []
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._scripts: dict[tuple[str, bool], Iterator[Answer | int]] = {}
        self._server = _Server(self, context, address)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_port

    def url(self, path: str = "/events", *, host: str = HOST) -> str:
        return f"https://{host}:{self._server.server_port}{path}"

    def script(self, *answers: Answer | int, path: str = "/events") -> None:
        self._scripts[path, False] = iter(answers)

    def script_challenges(self, *answers: Answer | int, path: str = "/events") -> None:
        self._scripts[path, True] = iter(answers)

    def always(self, answer: Answer | int, *, path: str = "/events") -> None:
        self._scripts[path, False] = itertools.repeat(answer)

    @property
    def events(self) -> list[Received]:
        return [each for each in self.requests if not each.is_challenge]

    @property
    def challenges(self) -> list[Received]:
        return [each for each in self.requests if each.is_challenge]

    def events_at(self, path: str) -> list[Received]:
        return [each for each in self.events if each.path == path]

    def take(self, request: Received) -> Answer:
        """Keep *request* and return what to do with it."""
        usual = Answer(body=accept_challenge if request.is_challenge else b"")
        with self._lock:
            self.requests.append(request)
            script = self._scripts.get((request.path, request.is_challenge), iter(()))
            answer = next(script, usual)
        return Answer(status=answer) if isinstance(answer, int) else answer

    def close(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(
        self, receiver: Receiver, context: ssl.SSLContext, address: tuple[str, int]
    ) -> None:
        super().__init__(address, _Handler)
        self.receiver = receiver
        self._context = context
        self._open: set[socket.socket] = set()

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the thread of the connection: a handshake must not hold up the others.
        request.settimeout(5)
        with self._context.wrap_socket(request, server_side=True) as connection:
            self._open.add(connection)
            self.RequestHandlerClass(connection, client_address, self)
            self._open.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections break here on purpose; what matters the client reports."""

    def server_close(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = tuple(self.headers.items())
        request = Received(self.path, headers, body, at=time.time())
        answer = self.server.receiver.take(request)
        self.server.receiver.stopped.wait(60 if answer.hangs else answer.delay)
        if answer.hangs or answer.drops:
            self.close_connection = True
        else:
            self._say(answer, answer.body_for(request))

    def _say(self, answer: Answer, body: bytes) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in BODILESS:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._write(body, drips=answer.drips)

    def _write(self, body: bytes, *, drips: float) -> None:
        step = 1 if drips else max(len(body), 1)
        for start in range(0, len(body), step):
            self.wfile.write(body[start : start + step])
            self.server.receiver.stopped.wait(drips)

    def log_message(self, *args: Any) -> None:
        pass
