"""What the database says, asked from outside the product."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Sequence

# Every time that one process writes and another compares with its now.
TIMES = {
    "deliveries_delivery": ("due_at",),
    "deliveries_lookout": ("until",),
    "deliveries_signoflife": ("seen_at",),
    "deliveries_egress": ("down_since", "paused_until", "up_since"),
    "subscriptions_webhook": ("verification_due_at",),
    "django_q_schedule": ("next_run",),
    "django_q_ormq": ("lock",),
}


def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    """Run one statement on the database at *url*; return its rows, if any."""
    with closing(_connect(url)) as connection, connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def put_clock(url: str, *, hours: int) -> None:
    """Move the clock of all who work on this database.

    By relativity: nobody can tell an hour less on the clock from an hour more in all
    times that are written down.
    """
    for table, columns in TIMES.items():
        changes = ", ".join(f"{each} = {_later(url, each, -hours)}" for each in columns)
        rows(url, f"UPDATE {table} SET {changes}")  # noqa: S608 (our own names)


def counts(url: str, tables: Sequence[str]) -> list[int]:
    return [rows(url, f"SELECT count(*) FROM {each}")[0][0] for each in tables]  # noqa: S608


def _later(url: str, column: str, hours: int) -> str:
    if url.startswith("postgres"):
        return f"{column} + interval '{hours} hours'"
    return f"strftime('%Y-%m-%d %H:%M:%f', {column}, '{hours:+d} hours')"


def _connect(url: str) -> Any:
    if url.startswith("postgres"):
        return psycopg.connect(url)
    return sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)
