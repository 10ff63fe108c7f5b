"""How many deliveries of a webhook a worker takes on at once."""

from __future__ import annotations

from datetime import timedelta

from deliveries.wire.exchange import Failure, FailureKind, Response

# An answer within this time costs a thread next to nothing.
QUICK = timedelta(milliseconds=100)
WIDEST = 32
# Receivers that are not known any better start anew; it bounds the memory.
REMEMBERED = 10_000

HANGING = frozenset({FailureKind.TIMEOUT, FailureKind.CONNECT, FailureKind.DNS})


class Pacing:
    """A window for each webhook: it grows by one with each quick answer.

    A slow answer takes it back to *normal*, a receiver that hangs or cannot be reached
    to 1. A status says nothing here: a quick 503 does not hold anybody up. The window
    never touches the schedule of retries.
    """

    def __init__(self, *, normal: int) -> None:
        self._normal = normal
        self._windows: dict[int, int] = {}

    def window(self, webhook_id: int) -> int:
        return self._windows.get(webhook_id, self._normal)

    def saw(
        self, webhook_id: int, reply: Response | Failure, *, took: timedelta
    ) -> None:
        """Learn from an attempt."""
        if len(self._windows) >= REMEMBERED:
            self._windows.clear()
        self._windows[webhook_id] = self._next(self.window(webhook_id), reply, took)

    def _next(self, window: int, reply: Response | Failure, took: timedelta) -> int:
        if isinstance(reply, Failure) and reply.kind in HANGING:
            return 1
        if took > QUICK:
            return min(window, self._normal)
        return min(window + 1, max(WIDEST, self._normal))
