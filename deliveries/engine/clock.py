"""The engine's time is the database's: several nodes, one clock."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from subscriptions.clock import database_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    Clock = Callable[[], datetime]


def database_clock() -> Clock:
    """A clock that was set by the database just now, and runs by itself."""
    started = time.monotonic()
    origin = database_time()

    def now() -> datetime:
        return origin + timedelta(seconds=time.monotonic() - started)

    return now
