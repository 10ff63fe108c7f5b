"""Sockets that obey the budget: armed with what is left before each blocking step.

A timeout on a socket bounds one read, and a receiver that drips a byte a second never
exceeds it. Arming every read with the rest of the deadline bounds them all together.
"""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any

from deliveries.transport.budget import Budget, current_budget
from deliveries.transport.failures import NoAnswer, tls_failed

if TYPE_CHECKING:
    from typing_extensions import Buffer


class MeteredSocket(socket.socket):
    """A TCP socket that obeys the budget of the exchange under way."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        budget = self._arm()
        try:
            count = super().recv_into(*args, **kwargs)
        except TimeoutError:
            raise budget.timed_out() from None
        budget.receive(count)
        return count

    def recv(self, *args: Any, **kwargs: Any) -> bytes:
        budget = self._arm()
        try:
            data = super().recv(*args, **kwargs)
        except TimeoutError:
            raise budget.timed_out() from None
        budget.receive(len(data))
        return data

    def send(self, data: Buffer, flags: int = 0) -> int:
        budget = self._arm()
        try:
            return super().send(data, flags)
        except TimeoutError:
            raise budget.timed_out() from None

    def sendall(self, data: Buffer, flags: int = 0) -> None:
        budget = self._arm()
        try:
            super().sendall(data, flags)
        except TimeoutError:
            raise budget.timed_out() from None

    def _arm(self) -> Budget:
        budget = current_budget()
        self.settimeout(budget.remaining())
        return budget


class MeteredTLSSocket(MeteredSocket, ssl.SSLSocket):
    """The same over TLS. CPython takes the timeout as a deadline of the handshake."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - ssl's
        budget = self._arm()
        try:
            with budget.spending("tls"):
                super().do_handshake(block)
        except OSError as error:
            # ssl closes the socket for an OSError, not for ours.
            self.close()
            if isinstance(error, TimeoutError):
                raise budget.timed_out() from None
            raise NoAnswer(tls_failed(error)) from error
