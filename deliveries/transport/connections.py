"""The hook in urllib3: every connection of these pools is opened by the guard.

The name stays the name: SNI, ``Host`` and the check of the certificate are untouched,
and the pool is keyed by it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from deliveries.transport.budget import current_budget

if TYPE_CHECKING:
    import socket
    import ssl
    from datetime import timedelta

    from urllib3.response import HTTPResponse

    from deliveries.transport.guard import Guard
    from subscriptions.addresses import AddressPolicy

HOSTS_KEPT = 1024
CONNECTIONS_PER_HOST = 64


def require_hook(connection_class: type[HTTPConnection]) -> None:
    """Raise ``ImportError`` when *connection_class* no longer calls our hook.

    ``_new_conn`` has an underscore. Should urllib3 stop calling it, connections would
    go out unguarded; so we refuse to start.
    """
    if "_new_conn" not in connection_class.connect.__code__.co_names:
        message = f"{connection_class.__name__} no longer connects through _new_conn"
        raise ImportError(message)


require_hook(HTTPConnection)
require_hook(HTTPSConnection)


class GuardedConnection(HTTPConnection):
    """A connection over plain HTTP that only the guard opens."""

    guard: ClassVar[Guard]
    is_plain: ClassVar[bool] = True

    _peer = ""
    _vetted_by: AddressPolicy | None = None
    _last_used = 0.0
    _held: list[bytes] | None = None

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send head and body in one write: one packet and one TLS record less."""
        if not current_budget().is_reused:
            # On a fresh connection the second packet carries the acknowledgement that
            # a receiver without TCP_NODELAY waits for, 40 ms long, before it answers.
            super().request(*args, **kwargs)
            return
        self._held = []
        try:
            super().request(*args, **kwargs)
        finally:
            message, self._held = b"".join(self._held), None
        self.send(message)

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)

    def _new_conn(self) -> socket.socket:
        budget = current_budget()
        budget.is_reused = budget.may_be_stale = False
        sock = self.guard.dial(self.host, self.port, is_plain=self.is_plain)
        self._peer, self._vetted_by = budget.remote_address, self.guard.policy
        self._last_used = time.monotonic()
        return sock

    @property
    def is_connected(self) -> bool:
        """Whether the pool may hand this connection out again."""
        budget = current_budget()
        if budget.fresh_only or not (self._is_reusable() and super().is_connected):
            return False
        budget.is_reused, budget.remote_address = True, self._peer
        budget.may_be_stale = self._was_idle_for(self.guard.stale_after)
        return True

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3 does
        try:
            with current_budget().spending("wait"):
                return super().getresponse()
        finally:
            self._last_used = time.monotonic()

    def is_idle_too_long(self) -> bool:
        return self.sock is not None and self._was_idle_for(self.guard.idle_limit)

    def _was_idle_for(self, period: timedelta) -> bool:
        return time.monotonic() - self._last_used > period.total_seconds()

    def _is_reusable(self) -> bool:
        if self.sock is None or self.is_idle_too_long():
            return False
        # Surplus plaintext must never become the next answer.
        return not _has_surplus(self.sock) and self._is_still_admitted()

    def _is_still_admitted(self) -> bool:
        policy = self.guard.policy
        if self._vetted_by is not policy:
            if not self.guard.admits(
                self._peer, host=self.host, is_plain=self.is_plain
            ):
                return False
            self._vetted_by = policy
        return True


class GuardedTLSConnection(GuardedConnection, HTTPSConnection):
    """The same over TLS."""

    is_plain = False


def _has_surplus(sock: Any) -> bool:
    return hasattr(sock, "pending") and sock.pending() > 0


class GuardedAdapter(HTTPAdapter):
    """A pool manager of requests whose every connection goes through *guard*."""

    def __init__(self, guard: Guard, context: ssl.SSLContext) -> None:
        self._guard = guard
        self._context = context
        super().__init__(pool_connections=HOSTS_KEPT, pool_maxsize=CONNECTIONS_PER_HOST)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pool_classes(self._guard)

    def close_idle(self) -> None:
        """Close the connections that have been idle for too long."""
        for key in self.poolmanager.pools.keys():  # noqa: SIM118 - not iterable itself
            pool = self.poolmanager.pools.get(key)
            for connection in _taken_from(pool):
                connection.close()


def _pool_classes(guard: Guard) -> dict[str, type[HTTPConnectionPool]]:
    plain = type("Plain", (GuardedConnection,), {"guard": guard})
    tls = type("TLS", (GuardedTLSConnection,), {"guard": guard})
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("TLSPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }


def _taken_from(pool: HTTPConnectionPool | None) -> list[GuardedConnection]:
    """Take what is idle too long out of *pool*; a ``None`` holds its place there."""
    queue = pool.pool if pool else None
    if queue is None:
        return []
    with queue.mutex:
        idle = [(i, c) for i, c in enumerate(queue.queue) if c and c.is_idle_too_long()]
        for place, _ in idle:
            queue.queue[place] = None
    return [connection for _, connection in idle]
