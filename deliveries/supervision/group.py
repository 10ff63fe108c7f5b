"""A qcluster with all its processes, in a session of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deliveries import groups, stopping

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Killed processes are gone after this many seconds, or the kernel has other worries.
PATIENCE = 10.0


class _Member(NamedTuple):
    """*hears*: whether it catches SIGTERM."""

    pid: int
    parent: int
    hears: bool


def _members(group: int) -> Iterator[_Member]:
    """Who is alive in that process group. Nobody but on Linux."""
    for folder in Path("/proc").glob("[0-9]*"):
        # It may be gone by the time we read.
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            state, parent, its_group, *_ = fields
            if int(its_group) == group and state != "Z":
                yield _Member(int(folder.name), int(parent), _hears(folder))


def _hears(process: Path) -> bool:
    status = (process / "status").read_text().split()
    caught = int(status[status.index("SigCgt:") + 1], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


class Group:
    """Started at once. Signals to our own process group do not reach it."""

    def __init__(self, command: Sequence[str]) -> None:
        self.name = groups.new_group()
        theirs, self._lifeline = os.pipe()
        told = {stopping.LIFELINE: str(theirs), groups.GROUP: self.name}
        try:
            self._main = subprocess.Popen(  # noqa: S603 (our own command line)
                command,
                env=os.environ | told,
                pass_fds=[theirs],
                start_new_session=True,
                # We have no threads that it could harm.
                preexec_fn=stopping.die_with_parent,  # noqa: PLW1509
            )
        finally:
            os.close(theirs)
        self.started_at = self._in_company_at = time.monotonic()

    @property
    def pid(self) -> int:
        return self._main.pid

    def is_running(self) -> bool:
        """Whether its main process is."""
        return self._main.poll() is None

    def ask_to_stop(self) -> None:
        """Main process and workers hear it; nobody is interrupted in a send.

        Once only: at a second signal django-q2 might wait for itself.
        """
        if self._lifeline >= 0:
            self._main.terminate()
            self._let_go()

    def ask_the_rest_to_leave(self) -> None:
        """For what a main process that has died left behind."""
        self._let_go()
        self._signal_all(signal.SIGTERM)

    def is_empty(self) -> bool:
        """Whether nobody of the group is left, not even an orphan."""
        if not self.is_running():
            self._reap()
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def seconds_deserted(self) -> float:
        """How long the others have been there without a worker. Known on Linux alone.

        django-q2's wait for ever for each other when one of them was killed: the main
        process for its sentinel to say that it was told to stop, the pusher with a
        full queue for a worker to take something.
        """
        members = list(_members(self.pid))
        if not members or any(map(self._is_worker, members)):
            self._in_company_at = time.monotonic()
        return time.monotonic() - self._in_company_at

    def _is_worker(self, member: _Member) -> bool:
        # Pusher and monitor stand beside the workers, and leave SIGTERM to the kernel.
        return member.hears and self.pid not in {member.pid, member.parent}

    def kill(self) -> None:
        self._signal_all(signal.SIGKILL)
        self._let_go()
        self._main.wait(PATIENCE)
        self._reap()

    def _reap(self) -> None:
        """Orphans are our children where we are process 1, as in a container."""
        with suppress(ChildProcessError):
            while os.waitpid(-self.pid, os.WNOHANG)[0]:
                pass

    def _let_go(self) -> None:
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
            self._in_company_at = time.monotonic()

    def _signal_all(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)
