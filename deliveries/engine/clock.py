"""The engine's time is the database's: several nodes, one clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Callable

    Clock = Callable[[], datetime]


def database_clock() -> Clock:
    """A clock that was set by the database just now, and runs by itself."""
    started = time.monotonic()
    origin = _database_time()

    def now() -> datetime:
        return origin + timedelta(seconds=time.monotonic() - started)

    return now


def _database_time() -> datetime:
    if connection.vendor != "postgresql":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
