"""What one exchange may spend, and what it has spent: seconds and bytes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deliveries.transport.failures import TOO_LARGE, NoAnswer, timed_out
from deliveries.wire.exchange import Timing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

KEPT_BODY = 16 * 1024
# Status line, headers and framing: what a receiver may send beside the body.
OVERHEAD = 64 * 1024

_current: ContextVar[Budget] = ContextVar("transport_budget")


def current_budget() -> Budget:
    """Return the budget of the exchange under way in this thread.

    Raises ``LookupError`` outside of one: a socket without a limit stays shut.
    """
    return _current.get()


@dataclass(slots=True)
class Budget:
    """One absolute deadline and one byte limit, over all phases and both tries."""

    timeout: timedelta
    started: float = field(default_factory=time.monotonic)
    bytes_received: int = 0
    phases: dict[str, int] = field(default_factory=dict)
    remote_address: str = ""
    is_reused: bool = False
    may_be_stale: bool = False
    fresh_only: bool = False

    @contextmanager
    def in_force(self) -> Iterator[None]:
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def remaining(self) -> float:
        """Seconds until the deadline; raises ``NoAnswer`` when it has passed."""
        left = self.started + self.timeout.total_seconds() - time.monotonic()
        if left <= 0:
            raise self.timed_out()
        return left

    def timed_out(self) -> NoAnswer:
        return NoAnswer(timed_out(self.timeout))

    def receive(self, count: int) -> None:
        """Charge *count* bytes; raises ``NoAnswer`` when that is too many."""
        self.bytes_received += count
        if self.bytes_received > KEPT_BODY + OVERHEAD:
            raise NoAnswer(TOO_LARGE)

    @contextmanager
    def spending(self, phase: str) -> Iterator[None]:
        """Note how long *phase* took: ``dns``, ``connect``, ``tls`` or ``wait``."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.phases[f"{phase}_ms"] = _milliseconds_since(start)

    def timing(self) -> Timing:
        return Timing(total_ms=_milliseconds_since(self.started), **self.phases)


def _milliseconds_since(start: float) -> int:
    return round((time.monotonic() - start) * 1000)
