"""Staying awake: of all idle workers one keeps looking, so that retries are on time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from deliveries.groups import node, own_group
from deliveries.models import Lookout, SignOfLife

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.engine.clock import Clock

# Another worker may take over this long after the lookout has died.
LEASE = timedelta(seconds=5)
RENEW = timedelta(seconds=2)


def give_sign_of_life(*, now: datetime) -> None:
    """For this worker's group."""
    SignOfLife.objects.give(own_group(), node=node(), now=now)


def nobody_watches(*, now: datetime) -> bool:
    """The lookout has died, perhaps with its whole node."""
    return Lookout.objects.is_vacant(now=now, watch=LEASE)


class Watch:
    """A worker's part in the watch, and its sign of life."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        now = clock()
        self.is_lookout: bool = Lookout.objects.take(now=now, until=now + LEASE)
        self._next_report = now + RENEW
        give_sign_of_life(now=now)

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
            Lookout.objects.keep(until=now + LEASE)
        give_sign_of_life(now=now)

    def end(self) -> None:
        if self.is_lookout:
            Lookout.objects.leave()
