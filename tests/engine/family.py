"""Processes and their descendants, as Linux shows them."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Reach(StrEnum):
    """Whom a signal is sent to."""

    MAIN = "main process"
    GROUP = "process group"
    EVERYBODY = "every process"


@dataclass(frozen=True)
class Process:
    """*depth*: 0 is the supervisor, then qcluster, its sentinel, and who works."""

    pid: int
    depth: int

    def catches(self, number: int) -> bool:
        with suppress(OSError):
            status = Path(f"/proc/{self.pid}/status").read_text().split()
            caught = int(status[status.index("SigCgt:") + 1], 16)
            return bool(caught >> (number - 1) & 1)
        return False


@dataclass(frozen=True)
class Family:
    """The processes of `manage.py work`."""

    processes: Sequence[Process]

    @property
    def main(self) -> int:
        """The qcluster."""
        return next(each.pid for each in self.processes if each.depth == 1)

    @property
    def sentinel(self) -> int:
        return next(each.pid for each in self.processes if each.depth == 2)

    @property
    def group(self) -> list[int]:
        return [each.pid for each in self.processes if each.depth]

    def workers(self) -> list[Process]:
        """Pusher and monitor stand beside them, and leave SIGTERM to the kernel."""
        beneath = [each for each in self.processes if each.depth == 3]
        return [each for each in beneath if each.catches(signal.SIGTERM)]

    def idle_workers(self) -> list[int]:
        """Those that wait for a task: the lookout looks at its clock all the time."""
        workers = self.workers()
        before = [cpu_time(each.pid) for each in workers]
        time.sleep(0.5)
        return [
            each.pid
            for each, then in zip(workers, before, strict=True)
            if is_alive(each.pid) and cpu_time(each.pid) == then
        ]


def family(pid: int, depth: int = 0) -> list[Process]:
    """A process and all that come from it."""
    found = [Process(pid, depth)]
    with suppress(OSError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        for child in text.split():
            found += family(int(child), depth + 1)
    return found


def is_alive(pid: int) -> bool:
    return _stat(pid)[:1] not in ([], ["Z"])


def cpu_time(pid: int) -> int:
    """In ticks of the kernel; 0 for who is gone."""
    return sum(map(int, _stat(pid)[11:13]))


def _stat(pid: int) -> list[str]:
    """Fields of its line, from its state on; none when it is gone."""
    with suppress(OSError):
        line = Path(f"/proc/{pid}/stat").read_text()
        return line.rpartition(")")[2].split()
    return []


def signal_to(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
