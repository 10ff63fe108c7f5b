"""What is dialled has been vetted, when it is dialled.

A name is resolved once per connection, and the socket goes to an address that the
policy has seen.
"""

from __future__ import annotations

import logging
import socket
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from deliveries.transport.budget import Budget, current_budget
from deliveries.transport.failures import (
    BLOCKED,
    PLAIN_BLOCKED,
    NoAnswer,
    not_connected,
)
from deliveries.transport.sockets import MeteredSocket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliveries.transport.resolver import Resolver
    from subscriptions.addresses import AddressPolicy

logger = logging.getLogger(__name__)

ADDRESSES_TRIED = 4


@dataclass
class Guard:
    """Decides what may be dialled, and dials it. *policy* may be replaced at any time.

    Idle connections are given up after *idle_limit*: most receivers close theirs after
    5 seconds or more, and we rather leave first than race them. One that was idle for
    *stale_after* may have been closed as our request went out.
    """

    policy: AddressPolicy
    resolver: Resolver
    allow_http: bool = False
    connect_patience: timedelta = timedelta(seconds=10)
    idle_limit: timedelta = timedelta(seconds=4)
    stale_after: timedelta = timedelta(seconds=1)

    def dial(self, host: str, port: int, *, is_plain: bool) -> MeteredSocket:
        """Connect to a vetted address of *host*; raises ``NoAnswer``."""
        if is_plain and not self.allow_http:
            raise NoAnswer(PLAIN_BLOCKED)
        return self.connect(host, port, is_plain=is_plain)

    def connect(self, host: str, port: int, *, is_plain: bool) -> MeteredSocket:
        """Resolve, vet, and connect to one that passed; raises ``NoAnswer``."""
        budget = current_budget()
        with budget.spending("dns"):
            found = self.resolver.addresses(host, budget)
        vetted = [a for a in found if self.admits(a, host=host, is_plain=is_plain)]
        if not vetted:
            raise NoAnswer(BLOCKED)
        with budget.spending("connect"):
            return self.first_connection(vetted, port, budget)

    def admits(self, address: str, *, host: str, is_plain: bool) -> bool:
        refusal = self.policy.refusal(address)
        if refusal is None and is_plain and not self.policy.is_opened(address):
            refusal = "plain_http"
        if refusal:
            # The tenant reads only that it was blocked; else we were a port scanner.
            details = {"host": host, "address": address, "reason": refusal}
            logger.info("address.blocked", extra=details)
        return refusal is None

    def first_connection(
        self, addresses: Sequence[str], port: int, budget: Budget
    ) -> MeteredSocket:
        """Connect to the first that answers, within the patience; ``NoAnswer``."""
        patience = min(self.connect_patience, timedelta(seconds=budget.remaining()))
        deadline = time.monotonic() + patience.total_seconds()
        error: OSError | None = None
        addresses = addresses[:ADDRESSES_TRIED]
        for tried, address in enumerate(addresses):
            share = (deadline - time.monotonic()) / (len(addresses) - tried)
            if share <= 0:
                break
            budget.remote_address = address
            try:
                return _connect(address, port, share)
            except OSError as caught:
                error = caught
        within = min(self.connect_patience, budget.timeout)
        raise NoAnswer(not_connected(error, within=within)) from error


def _connect(address: str, port: int, timeout: float) -> MeteredSocket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = MeteredSocket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((address, port))
    except OSError:
        sock.close()
        raise
    return sock
