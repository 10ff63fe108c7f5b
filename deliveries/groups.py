"""Which node and which group of workers a process belongs to."""

from __future__ import annotations

import os
import secrets
import socket

# The variable in which a supervisor tells its group the name that it has for it.
GROUP = "WEBHOOKS_GROUP"


def node() -> str:
    return socket.gethostname()


def new_group() -> str:
    """Of each group its own: the sign of a dead one is not taken for its successor's."""
    return f"{node()}:{secrets.token_hex(4)}"


def own_group() -> str:
    """That of this worker. Without a supervisor it is named after its sentinel."""
    return os.environ.get(GROUP) or f"{node()}:{os.getppid()}"
