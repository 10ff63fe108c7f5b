"""Staying awake: of all idle workers one keeps looking, so that retries are on time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from deliveries.models import Lookout

if TYPE_CHECKING:
    from deliveries.engine.clock import Clock

# Another worker may take over this long after the lookout has died.
LEASE = timedelta(seconds=5)
RENEW = timedelta(seconds=2)


class Watch:
    """A worker's part in the watch, and its sign of life."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        now = clock()
        self.is_lookout: bool = Lookout.objects.take(now=now, until=now + LEASE)
        self._next_report = now

    def stays(self) -> bool:
        """Whether this worker stays awake though there is nothing to do."""
        self.report()
        return self.is_lookout

    def report(self) -> None:
        """Say now and then that a worker is alive."""
        now = self._clock()
        if now < self._next_report:
            return
        self._next_report = now + RENEW
        if self.is_lookout:
            Lookout.objects.keep(now=now, until=now + LEASE)
        else:
            Lookout.objects.report(now=now)

    def end(self) -> None:
        if self.is_lookout:
            Lookout.objects.leave()
