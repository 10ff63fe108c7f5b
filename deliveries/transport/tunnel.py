"""The way out through an egress proxy, where the network has no other.

The proxy learns the name, and must filter: it resolves, vets and dials in our place.
TLS runs through it, from us to the receiver.
"""

from __future__ import annotations

import base64
import logging
import re
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote

from deliveries.transport.budget import Budget, current_budget
from deliveries.transport.failures import (
    BLOCKED,
    NOT_OPENED,
    OUR_PROXY,
    NoAnswer,
    not_connected,
)
from deliveries.transport.guard import Guard
from deliveries.transport.resolver import Resolver, is_literal, near_lookup

if TYPE_CHECKING:
    from deliveries.transport.sockets import MeteredSocket
    from deliveries.wire.exchange import Failure
    from subscriptions.addresses import AddressPolicy

HEAD_LIMIT = 16 * 1024
# The receiver could not be reached. All else is between the proxy and us.
UNREACHED = frozenset({502, 503, 504})
# It denies this receiver, as Squid says it. Never ours: it would be tried for ever.
FORBIDDEN = 403

_PROXY = re.compile(
    r"http://(?:(?P<user>[^:@/\s]+):(?P<password>[^@/\s]*)@)?"
    r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})/?"
)
# Smokescreen's word for an address that it may not call.
_DENIED = re.compile(
    rb"HTTP/1\.[01] 407 (?:request rejected by proxy|.*\r\nx-smokescreen-error:)",
    re.IGNORECASE | re.DOTALL,
)
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r]")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EgressProxy:
    """Where it listens, and what it wants to hear from us."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)


def parse_egress_proxy(text: str) -> EgressProxy:
    """Read ``http://proxy.internal:4750``. Raises ``ValueError`` with a sentence."""
    parts = _PROXY.fullmatch(text)
    if parts is None or not 1 <= int(parts["port"]) <= 65535:
        # Not the text itself: it may hold a password.
        message = "An egress proxy looks like http://proxy.internal:4750."
        raise ValueError(message)
    authorization = ""
    if parts["user"]:
        pair = f"{unquote(parts['user'])}:{unquote(parts['password'])}"
        authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return EgressProxy(parts["host"].strip("[]"), int(parts["port"]), authorization)


def guard_for(
    egress_proxy: str | None, policy: AddressPolicy, resolver: Resolver | None
) -> Guard:
    """Guard the direct way, or the one through *egress_proxy*.

    Raises ``ValueError`` when that cannot be read.
    """
    if not egress_proxy:
        return Guard(policy, resolver or Resolver())
    proxy = parse_egress_proxy(egress_proxy)
    return TunnelGuard(policy, resolver or Resolver(near_lookup), proxy=proxy)


@dataclass(kw_only=True)
class TunnelGuard(Guard):
    """Dials the proxy and asks it for the receiver. *resolver* finds the proxy."""

    proxy: EgressProxy

    def connect(self, host: str, port: int, *, is_plain: bool) -> MeteredSocket:
        budget = current_budget()
        if not self._may_ask_for(host, is_plain=is_plain):
            raise NoAnswer(BLOCKED)
        with budget.spending("connect"):
            sock = self._connected_to_proxy(budget)
            try:
                self._ask(sock, _authority(host, port), budget)
            except BaseException:
                sock.close()
                raise
        return sock

    def _may_ask_for(self, host: str, *, is_plain: bool) -> bool:
        # We never see the address of a name, so we cannot tell that it lies in a
        # network that is open to plain HTTP.
        if is_literal(host):
            return self.admits(host, host=host, is_plain=is_plain)
        return not is_plain

    def _connected_to_proxy(self, budget: Budget) -> MeteredSocket:
        try:
            found = self.resolver.addresses(self.proxy.host, budget)
            return self.first_connection(found, self.proxy.port, budget)
        except NoAnswer as no_answer:
            logger.warning("egress_proxy.away", extra={"reason": str(no_answer)})
            raise NoAnswer(OUR_PROXY) from no_answer
        finally:
            # The proxy's is no address of the receiver, and none of a tenant's business.
            budget.remote_address = ""

    def _ask(self, sock: MeteredSocket, authority: str, budget: Budget) -> None:
        patience = min(self.connect_patience.total_seconds(), budget.remaining())
        deadline = time.monotonic() + patience
        try:
            head = _exchange(sock, self._request(authority), deadline)
        except TimeoutError as error:
            # It is still dialling: a receiver that does not answer looks like this.
            within = min(self.connect_patience, budget.timeout)
            raise NoAnswer(not_connected(error, within=within)) from error
        except OSError as error:
            _give_up(OUR_PROXY, authority, error.strerror or "connection closed")
        failure = _failure(head)
        if failure:
            _give_up(failure, authority, head.decode("latin1"))

    def _request(self, authority: str) -> bytes:
        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
        if self.proxy.authorization:
            lines.append(f"Proxy-Authorization: {self.proxy.authorization}")
        return "\r\n".join([*lines, "", ""]).encode()


def _exchange(sock: MeteredSocket, request: bytes, deadline: float) -> bytes:
    """Return the head of the proxy's answer, with what arrived behind it.

    Past the meter of the socket: the receiver is not charged for the proxy's words.
    """
    head = b""
    sock.settimeout(_left(deadline))
    socket.socket.sendall(sock, request)
    while b"\r\n\r\n" not in head and len(head) < HEAD_LIMIT:
        sock.settimeout(_left(deadline))
        part = socket.socket.recv(sock, 4096)
        if not part:
            break
        head += part
    return head


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _failure(head: bytes) -> Failure | None:
    """What the proxy's answer means; ``None``: the tunnel stands."""
    status = _STATUS.match(head)
    code = int(status[1]) if status else 0
    # Receivers do not speak first: what stands behind the head is not theirs.
    if (
        200 <= code <= 299
        and head.endswith(b"\r\n\r\n")
        and head.count(b"\r\n\r\n") == 1
    ):
        return None
    if code in UNREACHED:
        return NOT_OPENED
    if code == FORBIDDEN or _DENIED.match(head):
        return BLOCKED
    return OUR_PROXY


def _give_up(failure: Failure, authority: str, answer: str) -> NoReturn:
    details = {"asked_for": authority, "kind": failure.kind, "answer": answer[:500]}
    logger.warning("egress_proxy.refused", extra=details)
    raise NoAnswer(failure)


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
