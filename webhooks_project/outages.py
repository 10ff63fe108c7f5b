"""Which errors of a database pass by themselves, so that asking again helps."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from django.db import InterfaceError, OperationalError

if TYPE_CHECKING:
    from django.db import Error

# Of SQLite, by primary result code. The rest, such as a missing table, is our mistake.
PASSING_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
# Of PostgreSQL, by class: connection, rollback (deadlock, serialization), resources,
# lock not available, shutdown, input and output.
PASSING_CLASSES = {"08", "40", "53", "55", "57", "58"}


def passes(error: Exception) -> bool:
    """Whether the database was away or busy, and the transaction rolled back."""
    if isinstance(error, InterfaceError):
        return True
    return isinstance(error, OperationalError) and _is_passing(error)


def _is_passing(error: Error) -> bool:
    cause: Any = error.__cause__
    if isinstance(cause, sqlite3.Error):
        # The lower byte of an extended code is the primary one.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in PASSING_CODES
    state = getattr(cause, "sqlstate", None)
    # Without a state there was nobody to give one: no connection.
    return state is None or state[:2] in PASSING_CLASSES
