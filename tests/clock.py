"""Time for tests: it stands still until told to advance."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone


class Clock:
    """A little ahead of the real time, by which publishers make deliveries due."""

    def __init__(self):
        self.now = timezone.now().replace(microsecond=0) + timedelta(minutes=1)

    def __call__(self):
        return self.now

    def advance(self, **duration):
        self.now += timedelta(**duration)
