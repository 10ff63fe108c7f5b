"""How a worker hears that it should stop, in the middle of its turn.

django-q2 tells its workers by a message behind their tasks, so a turn would go on to its
end. A supervisor holds the other end of our lifeline: when it lets go, each worker ends
its turn at once. SIGTERM, which else kills a worker with all that it sends, does the
same and makes it leave.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import threading
from typing import Any

# The variable that names the descriptor of the lifeline, a pipe that nobody writes to.
LIFELINE = "WEBHOOKS_LIFELINE"
PR_SET_PDEATHSIG = 1
# Until a worker that was told while it had a task is back at the queue.
BACK_AT_THE_QUEUE = 0.2

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Ear:
    """What this worker has heard."""

    def __init__(self) -> None:
        self._is_at_work = False
        self._must_leave = False
        self._is_leaving = False
        self._lifeline = os.environ.get(LIFELINE, "")

    @property
    def is_told_to_stop(self) -> bool:
        return self._must_leave or bool(self._lifeline and _is_let_go(self._lifeline))

    def begin(self, **kwargs: Any) -> None:
        """A task begins."""
        self._is_at_work = True

    def end(self, **kwargs: Any) -> None:
        """It has ended; now its result goes to django-q2, then the worker is idle."""
        self._is_at_work = False
        if self._must_leave:
            again = [os.getpid(), signal.SIGTERM]
            timer = threading.Timer(BACK_AT_THE_QUEUE, os.kill, again)
            timer.daemon = True
            timer.start()

    def hear(self, *args: Any) -> None:
        """SIGTERM. Once: while we leave, what is being sent must not be torn off."""
        self._must_leave = True
        if not self._is_at_work and not self._is_leaving:
            self._is_leaving = True
            sys.exit()


def _is_let_go(lifeline: str) -> bool:
    # Many threads ask: each needs an object of its own.
    ask = select.poll()
    ask.register(int(lifeline), 0)
    return bool(ask.poll(0))


_ears: list[Ear] = []


def listen() -> Ear:
    """Called in a worker process, once; returns what hears for it."""
    _ears[:] = [ear := Ear()]
    signal.signal(signal.SIGTERM, ear.hear)
    die_with_parent()
    return ear


def is_told_to_stop() -> bool:
    """Whether this worker should end its turn. False in any other process."""
    return any(ear.is_told_to_stop for ear in _ears)


def die_with_parent() -> None:
    """Have the kernel send us SIGTERM when our parent has died, where it can."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
