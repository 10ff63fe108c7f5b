"""A lock between processes that the kernel gives back when its holder dies."""

from __future__ import annotations

import fcntl
import tempfile
from typing import Any


class FileLock:
    """One per process, whatever its threads do. Survives a fork unlocked."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as we are)

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:  # noqa: FBT001, FBT002 (as multiprocessing calls it)
        """Wait for the lock, unless told not to; a *timeout* is not kept."""
        how = fcntl.LOCK_EX if block else fcntl.LOCK_EX | fcntl.LOCK_NB
        try:
            fcntl.lockf(self._file, how)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *exc_info: Any) -> None:
        self.release()
