"""SQLite gives the space of deleted rows back to the file system, when asked.

PostgreSQL uses it again for new rows; its autovacuum needs no request.
"""

from __future__ import annotations

import time

from django.db import connection

from deliveries.retention.rows import rest

# Each step is a transaction: 1 MB at a time.
PAGES = 250


def give_back_space() -> None:
    """Only of files that were created with auto_vacuum; the others keep their size."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    connection.ensure_connection()
    before = None
    # A script runs the pragma to its end; a plain statement frees one page.
    while (free := _free_pages()) and free != before:
        started = time.monotonic()
        connection.connection.executescript(f"PRAGMA incremental_vacuum({PAGES})")
        rest(time.monotonic() - started)
        before = free
    with connection.cursor() as cursor:
        # Passive: it waits for nobody, and nobody for it.
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _free_pages() -> int:
    with connection.cursor() as cursor:
        free: int = cursor.execute("PRAGMA freelist_count").fetchone()[0]
    return free
