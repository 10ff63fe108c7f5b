"""The time that all nodes share is the database's: a node's own clock may be wrong.

What one process writes and another compares with its now is taken from here.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection


def database_time() -> datetime:
    """SQLite has no server: there the processes share one machine and its clock."""
    if connection.vendor != "postgresql":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
