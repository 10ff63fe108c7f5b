"""How long a group has been silent, by our own clock. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Heartbeat:
    """Faint after *faint* seconds without a sign of life, stopped after *stopped*.

    What counts is that the sign changes, not what it says: the clock that wrote it may
    be another one. After each stop in vain the next takes twice as long, up to
    LONGEST, until a sign comes: what restarting does not help is not restarted often.
    """

    LONGEST = 300.0

    def __init__(self, faint: float, stopped: float) -> None:
        self._faint = faint
        self._shortest = self._stopped = stopped
        self._sign: datetime | None = None
        self._changed_at = 0.0

    def begin(self, at: float) -> None:
        """Count from now: the group is new, or nothing could be heard."""
        self._changed_at = at

    def hear(self, sign: datetime | None, *, at: float) -> None:
        if sign != self._sign:
            self._sign = sign
            self._changed_at = at
            self._stopped = self._shortest

    def is_faint(self, at: float) -> bool:
        return at - self._changed_at >= self._faint

    def has_stopped(self, at: float) -> bool:
        if at - self._changed_at < self._stopped:
            return False
        self._stopped = min(2 * self._stopped, self.LONGEST)
        return True
