"""The demo's processes, side by side until the user or one of them ends all."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from django.conf import settings
from honcho.compat import ProcessManager
from honcho.manager import Manager
from honcho.printer import Printer

from webhooks_project.demo.places import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhooks_project.demo.places import Places

STORY = "story"
# Seconds from the request to end until we insist: more than a worker's slice.
PATIENCE = 8.0
STARTING = 0.1


def run_side_by_side(
    places: Places, *, environment: Mapping[str, str], screen: TextIO
) -> str | None:
    """Run all until the end. Returns who ended by itself; None if we were told to."""
    processes = Processes(Screen(screen))
    own = dict(os.environ) | dict(environment)
    for name, words in _commands(places).items():
        # Without a shell in between, signals reach the process itself.
        command = f"exec {shlex.join([sys.executable, *words])}"
        processes.add_process(name, command, env=own, cwd=str(settings.BASE_DIR))
    processes.loop()
    return processes.ended_first


def _commands(places: Places) -> dict[str, list[str]]:
    """What to run, by the name that the screen shows."""
    return {
        "receiver": [
            *("-m", "webhooks_project.demo.receiver"),
            *("--port", str(places.receiver_port)),
            *("--certificate", str(places.certificate)),
            *("--signing-secrets", str(places.signing_secrets)),
            *("--web-port", str(places.web_port)),
        ],
        "workers": ["manage.py", "work"],
        "web": [
            *("-m", "gunicorn", "webhooks_project.wsgi", "--no-control-socket"),
            *("--bind", f"{HOST}:{places.web_port}", "--log-level", "warning"),
            *("--workers", "2", "--threads", "4"),
        ],
        STORY: [
            *("manage.py", "demo", STORY, "--folder", str(places.folder)),
            *("--port", str(places.web_port)),
            *("--receiver-port", str(places.receiver_port)),
        ],
    }


class MainFirst(ProcessManager):  # type: ignore[misc]  # the library is untyped
    """Asks the main process alone: a cluster whose workers hear it too loses its work."""

    def terminate(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


class Processes(Manager):  # type: ignore[misc]  # the library is untyped
    ended_first: str | None = None

    def __init__(self, screen: Screen) -> None:
        super().__init__(screen)
        self._procmgr = MainFirst()
        self._pid = os.getpid()
        self._told_at = 0.0

    def loop(self) -> None:
        # Whoever closes the window means all of us.
        signal.signal(signal.SIGHUP, lambda *_: self.terminate())
        try:
            super().loop()
        finally:
            self._kill_what_is_left()

    def terminate(self) -> None:
        # The processes that read for us are forks and inherit our signal handlers.
        if self._terminating or os.getpid() != self._pid:
            return
        if not self._all_started():
            # What has no process id yet cannot be told.
            threading.Timer(STARTING, self.terminate).start()
            return
        ended = [name for name, each in self._processes.items() if "returncode" in each]
        self.ended_first = next(iter(ended), None)
        self._told_at = time.monotonic()
        super().terminate()

    def kill(self) -> None:
        if time.monotonic() > self._told_at + PATIENCE:
            self._told_at = time.monotonic()
            super().kill()

    def _kill_what_is_left(self) -> None:
        for each in self._processes.values():
            if "pid" in each and "returncode" not in each:
                self._procmgr.kill(each["pid"])


class Screen(Printer):  # type: ignore[misc]  # the library is untyped
    """Shows who says what; what the story has indented is there to be copied."""

    def __init__(self, output: TextIO) -> None:
        super().__init__(output)
        self._waiting: deque[Any] = deque()
        self._is_writing = False

    def write(self, message: Any) -> None:
        self._waiting.append(message)
        # A signal's handler writes, too, maybe in the middle of a line.
        if self._is_writing:
            return
        self._is_writing = True
        # The window may be gone.
        with suppress(OSError):
            while self._waiting:
                self._show(self._waiting.popleft())
        self._is_writing = False

    def _show(self, message: Any) -> None:
        is_indented = message.data[:1].isspace()
        self.prefix = not (message.name == STORY and is_indented)
        super().write(message)
