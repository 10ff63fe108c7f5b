"""Kept connections are tested before a request, unless they were in use just now.

Django asks the database at each request whether it is still there: under load one more
question in seven, and the answer is known. A server that hung up since then has said
so, and its words wait to be read; only one that vanished without a word fails a
request per thread, with a 503 that says to come again.
"""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Any

from django.core.signals import request_finished, request_started
from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

# Seconds for which a connection that has answered counts as sound.
JUST_NOW = 1.0


def trust_what_was_used_just_now() -> None:
    """After Django's own receiver of the same signal, which wants the test."""
    request_started.connect(_trust, dispatch_uid="trust")
    request_finished.connect(_note, dispatch_uid="note")


def _trust(**kwargs: Any) -> None:
    for connection in _open():
        answered = getattr(connection, "answered_at", -JUST_NOW)
        if time.monotonic() - answered < JUST_NOW and _is_quiet(connection):
            connection.health_check_done = True  # type: ignore[attr-defined]


def _note(**kwargs: Any) -> None:
    """What an error left unusable has been closed by now."""
    for connection in _open():
        connection.answered_at = time.monotonic()  # type: ignore[attr-defined]


def _is_quiet(connection: BaseDatabaseWrapper) -> bool:
    """Whether nobody speaks who was not asked: what a server says when it hangs up."""
    if connection.vendor != "postgresql":
        return True
    if connection.connection.closed:
        return False
    line = select.poll()
    line.register(connection.connection, select.POLLIN)
    return not line.poll(0)


def _open() -> Iterator[BaseDatabaseWrapper]:
    """Of this thread."""
    for connection in connections.all(initialized_only=True):
        if connection.connection is not None:
            yield connection
