"""Which errors pass by themselves: to these, and to no others, we say: ask again."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from django.db import DataError, InterfaceError, OperationalError, ProgrammingError
from psycopg import errors

from webhooks_project import outages


def of_sqlite(code):
    cause = sqlite3.OperationalError("text")
    cause.sqlite_errorcode = code
    return caused(OperationalError("text"), cause)


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        of_sqlite(sqlite3.SQLITE_BUSY),
        of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT),
        of_sqlite(sqlite3.SQLITE_FULL),
        of_sqlite(sqlite3.SQLITE_CANTOPEN),
        caused(OperationalError(), errors.DeadlockDetected()),
        caused(OperationalError(), errors.SerializationFailure()),
        caused(OperationalError(), errors.AdminShutdown()),
        caused(OperationalError(), errors.TooManyConnections()),
        caused(OperationalError(), errors.LockNotAvailable()),
        caused(OperationalError(), psycopg.OperationalError("connection refused")),
        InterfaceError("connection already closed"),
    ],
    ids=lambda error: type(error.__cause__).__name__,
)
def test_what_passes(error):
    assert outages.passes(error)


@pytest.mark.parametrize(
    "error",
    [
        of_sqlite(sqlite3.SQLITE_ERROR),
        caused(OperationalError(), errors.ProgramLimitExceeded()),
        ProgrammingError("no such column"),
        DataError("out of range"),
        ValueError("locked"),
    ],
    ids=lambda error: type(error.__cause__ or error).__name__,
)
def test_what_is_a_mistake_of_ours(error):
    assert not outages.passes(error)
