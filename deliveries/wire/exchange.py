"""One HTTP exchange as values: what we sent, what came back, how long it took."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready to be sent: always a POST of exactly these bytes."""

    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """The receiver answered with a status line. *body* is its first 16 KiB, undecoded.

    *cut* says why the body is not whole: ``size``, ``time``, ``broken``, or ``""``.
    """

    status_code: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    cut: str = ""


class FailureKind(StrEnum):
    """Why there was no answer."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"
    PROTOCOL = "protocol"
    BLOCKED = "blocked"
    TOO_LARGE = "too_large"
    # The receiver wants an access token, and none could be got.
    TOKEN = "token"  # noqa: S105 (a kind)
    # Ours alone: the egress proxy is away, or does not let us through.
    PROXY = "proxy"
    # No connection, when nearly nobody could be reached: the fault was ours.
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Failure:
    """No status line arrived. *detail* is one sentence that a tenant may read.

    It never names an internal address.
    """

    kind: FailureKind
    detail: str


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds spent in each phase; a phase that did not happen is ``None``.

    On a reused connection there is no DNS, connect or TLS phase.
    """

    total_ms: int
    dns_ms: int | None = None
    connect_ms: int | None = None
    tls_ms: int | None = None
    wait_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """What happened to one request."""

    reply: Response | Failure
    timing: Timing
    remote_address: str = ""
