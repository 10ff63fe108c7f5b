"""Send a request, get an exchange: the client that deliveries use."""

from __future__ import annotations

import http.client
import os
import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from deliveries.transport.budget import KEPT_BODY, Budget
from deliveries.transport.connections import GuardedAdapter
from deliveries.transport.failures import (
    BAD_URL,
    RESET,
    NoAnswer,
    failure_after_request,
)
from deliveries.transport.tls import trusting_context
from deliveries.transport.tunnel import guard_for
from deliveries.wire.exchange import Exchange, Failure, FailureKind, Response

if TYPE_CHECKING:
    from datetime import timedelta

    from urllib3.connectionpool import HTTPConnectionPool
    from urllib3.response import BaseHTTPResponse

    from deliveries.transport.resolver import Resolver
    from deliveries.wire.exchange import Request
    from subscriptions.addresses import AddressPolicy

CUTS = {FailureKind.TIMEOUT: "time", FailureKind.TOO_LARGE: "size"}

# Ours to decide: urllib3 neither retries nor follows anything.
_ONCE = Retry(total=False, redirect=False)

# What `subscriptions.target_urls` writes, and nothing else: no second parser with its
# own opinion of where the host ends.
_CANONICAL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[!-~]*)"
)


class Target(NamedTuple):
    """A canonical URL, taken apart."""

    scheme: str
    host: str
    port: int | None
    path: str


class HttpClient:
    """Sends requests over pooled connections. Safe to share between threads and forks.

    No redirects, no cookies, no proxies, nothing of the environment, no decompression.
    """

    def __init__(
        self,
        *,
        policy: AddressPolicy,
        allow_http: bool = False,
        ca_bundle: str | None = None,
        resolver: Resolver | None = None,
        egress_proxy: str | None = None,
    ) -> None:
        self.guard = guard_for(egress_proxy, policy, resolver)
        self.guard.allow_http = allow_http
        self._context = trusting_context(ca_bundle)
        self._open()

    def send(self, request: Request, *, timeout: timedelta) -> Exchange:
        """POST *request* and report what happened, within *timeout* altogether."""
        adapter = self._adapter_of_this_process()
        budget = Budget(timeout)
        with budget.in_force():
            reply = _reply(adapter, request, budget)
        return Exchange(reply, budget.timing(), budget.remote_address)

    def close(self) -> None:
        """Close every pooled connection. The client may be used again."""
        self._adapter.close()

    def _open(self) -> None:
        self._pid = os.getpid()
        self._adapter = GuardedAdapter(self.guard, self._context)
        self._next_sweep = 0.0

    def _adapter_of_this_process(self) -> GuardedAdapter:
        # A forked worker has its parent's sockets, but neither its threads nor the
        # right to speak on them.
        if self._pid != os.getpid():
            self.guard.resolver = self.guard.resolver.renewed()
            self._open()
        self._sweep_now_and_then()
        return self._adapter

    def _sweep_now_and_then(self) -> None:
        # Without it, each of a thousand receivers would hold on to file descriptors
        # until it is called again.
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + self.guard.idle_limit.total_seconds()
            self._adapter.close_idle()


def _reply(
    adapter: GuardedAdapter, request: Request, budget: Budget
) -> Response | Failure:
    try:
        response = _post(adapter, request, budget)
    except NoAnswer as no_answer:
        if not _met_a_stale_connection(no_answer.failure, budget):
            return no_answer.failure
        budget.fresh_only = True
    else:
        return _received(response)
    try:
        return _received(_post(adapter, request, budget))
    except NoAnswer as no_answer:
        return no_answer.failure


def _met_a_stale_connection(failure: Failure, budget: Budget) -> bool:
    # The receiver closed an idle connection while our request was on its way, which is
    # nobody's failure: ask once more, on a fresh one. Should it have read the request
    # after all, it sees the same message id twice, as at-least-once delivery allows.
    # One that was in use a moment ago was closed because of what we asked.
    return failure is RESET and budget.may_be_stale and not budget.bytes_received


def _post(
    adapter: GuardedAdapter, request: Request, budget: Budget
) -> BaseHTTPResponse:
    """Return an answer whose head has arrived; raises ``NoAnswer``."""
    target = _target(request.url)
    pool: HTTPConnectionPool = adapter.poolmanager.connection_from_host(
        target.host, target.port, target.scheme
    )
    try:
        return pool.urlopen(
            "POST",
            target.path,
            body=request.body,
            headers=dict(request.headers),
            retries=_ONCE,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )
    except (HTTPError, http.client.HTTPException, OSError) as error:
        raise NoAnswer(failure_after_request(error)) from error
    except ValueError as error:
        # Before the first byte of an answer it is our own request that is wrong.
        if not budget.bytes_received:
            raise
        raise NoAnswer(failure_after_request(error)) from error


@lru_cache(maxsize=4096)
def _target(url: str) -> Target:
    match = _CANONICAL.fullmatch(url)
    if match is None:
        raise NoAnswer(BAD_URL)
    port = int(match["port"]) if match["port"] else None
    return Target(match["scheme"], match["host"], port, match["path"])


def _received(response: BaseHTTPResponse) -> Response:
    headers = tuple(response.headers.items())
    if response.status < http.client.OK:
        # On a connection that is kept, the final answer would be the next request's.
        response.close()
        return Response(response.status, headers, b"", "")
    body, cut = _kept_body(response)
    return Response(response.status, headers, body[:KEPT_BODY], cut)


def _kept_body(response: BaseHTTPResponse) -> tuple[bytes, str]:
    """Read what we keep of the body, and say why that is not all of it.

    The status line has decided already: a receiver that dawdles over the rest has
    taken the event, and to fail it would deliver twice on purpose.
    """
    body = bytearray()
    try:
        while len(body) <= KEPT_BODY:
            part = response.read1(KEPT_BODY + 1 - len(body), decode_content=False)
            if not part:
                return bytes(body), ""
            body += part
    except NoAnswer as no_answer:
        return bytes(body), CUTS.get(no_answer.failure.kind, "broken")
    except (HTTPError, http.client.HTTPException, OSError, ValueError):
        return bytes(body), "broken"
    finally:
        # Does not drain: a connection that is read in part is closed, not pooled.
        response.close()
    return bytes(body), "size"
