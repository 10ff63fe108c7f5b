"""Wait for the other processes of the demo to come up."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, TypeVar

from webhooks_project.demo.places import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

PATIENCE = 30
POLL = 0.1


class NotReady(RuntimeError):
    """The demo did not come up; the message says what is missing."""


def wait_for(ready: Callable[[], T | None], *, what: str) -> T:
    """Return the first true answer of *ready*; raises NotReady."""
    deadline = time.monotonic() + PATIENCE
    while not (found := ready()):
        if time.monotonic() > deadline:
            message = f"Not ready after {PATIENCE} seconds: {what}."
            raise NotReady(message)
        time.sleep(POLL)
    return found


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
