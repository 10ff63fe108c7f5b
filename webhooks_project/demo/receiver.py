"""A customer's receiver: HTTPS, passes challenges, checks signatures, says what came.

A process of its own that knows nothing of the platform's code but how to sign.
"""

from __future__ import annotations

import argparse
import hmac
import http.client
import json
import signal
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, NamedTuple

from deliveries.wire.signing import Content, platform_signature, standard_signature
from subscriptions.signing_keys import SigningKey
from webhooks_project.demo.places import HOST, RECOVERING

if TYPE_CHECKING:
    from email.message import Message

# How many attempts /recovering answers with 503 before it takes an event.
OUTAGES = 2
INBOX = "/inbox/"


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]
    remark: str


def answer_to(
    path: str, headers: Message, body: bytes, *, signing_secrets: dict[str, str]
) -> Answer:
    """Judge one request; *signing_secrets* are by path."""
    if challenge := headers.get("X-Alvys-Challenge"):
        return Answer(200, {"challenge": challenge}, "challenge answered")
    if path not in signing_secrets:
        return Answer(404, {"error": "unknown path"}, "nobody lives here")
    if not _is_signed(headers, body, key=SigningKey(signing_secrets[path])):
        return Answer(401, {"error": "bad signature"}, "signature BAD")
    if path == RECOVERING and int(headers["X-Alvys-Attempt"]) <= OUTAGES:
        return Answer(503, {"error": "try later"}, "signature ok, but busy")
    return Answer(200, {"received": True}, "signature ok")


def _is_signed(headers: Message, body: bytes, *, key: SigningKey) -> bool:
    """Whether both signatures are by *key*. During a rotation there are two of each."""
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal():
        return False
    content = Content(headers.get("webhook-id", ""), int(timestamp), body)
    own = platform_signature([key], content).rpartition("=")[2]
    given = headers.get("X-Alvys-Signature", "").split(",")
    return _is_among(own, [part.partition("=")[2] for part in given]) and _is_among(
        standard_signature([key], content),
        headers.get("webhook-signature", "").split(),
    )


def _is_among(own: str, given: list[str]) -> bool:
    return any(hmac.compare_digest(own.encode(), each.encode()) for each in given)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith(INBOX):
            self._send(self._relayed(body))
            return
        secrets = json.loads(self.server.signing_secrets.read_bytes())
        answer = answer_to(self.path, self.headers, body, signing_secrets=secrets)
        self._send(answer)
        _say(self._line(answer))

    def _relayed(self, body: bytes) -> Answer:
        """What the web service answers, before which we stand as a proxy with TLS."""
        web = http.client.HTTPConnection(HOST, self.server.web_port, timeout=10)
        try:
            headers = dict(self.headers.items())
            web.request("POST", self.path, body, headers)
            answer = web.getresponse()
            return Answer(answer.status, json.load(answer), "inbox")
        except (OSError, ValueError):
            return Answer(502, {"error": "no inbox"}, "inbox")
        finally:
            web.close()

    def _send(self, answer: Answer) -> None:
        content = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _line(self, answer: Answer) -> str:
        headers = self.headers
        event = headers.get("X-Alvys-Event", "?")
        attempt = headers.get("X-Alvys-Attempt")
        words = [f"{answer.status} {self.path:<11} {event:<22}"]
        words += [f"{headers['webhook-id']} attempt {attempt}"] if attempt else []
        return " ".join([*words, answer.remark])

    def log_message(self, *args: Any) -> None:
        """Our own line says more."""


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self,
        *,
        port: int,
        certificate: Path,
        signing_secrets: Path,
        web_port: int = 0,
    ) -> None:
        super().__init__((HOST, port), Handler)
        self.web_port = web_port
        self.signing_secrets = signing_secrets
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        # The handshake is left to the connection's own thread.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def server_bind(self) -> None:
        # The base class asks the DNS for our name, which may take long.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Callers hang up, in the middle of a handshake, too.
        if not isinstance(
            sys.exception(), (ConnectionError, TimeoutError, ssl.SSLError)
        ):
            super().handle_error(request, client_address)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--signing-secrets", type=Path, required=True)
    parser.add_argument("--web-port", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    Receiver(**vars(_arguments())).serve_forever()


if __name__ == "__main__":
    main()
