"""Threads that wait for receivers, so that the engine need not."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, Queue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from datetime import timedelta

T = TypeVar("T")

# A send that takes longer than this is the receiver's doing. It keeps its thread but
# no longer counts, so that slow receivers do not use up what the quick ones need.
STALLED_AFTER = 0.5
SPARE = 256
# Results that follow each other this closely, in seconds, are recorded together.
GATHERING = 0.003
ENOUGH = 64

logger = logging.getLogger(__name__)


class Senders(Generic[T]):
    """Runs up to *concurrency* quick jobs at once, and lets stalled ones hang aside."""

    def __init__(self, concurrency: int) -> None:
        self._concurrency = concurrency
        self._pool = ThreadPoolExecutor(concurrency + SPARE, "sender")
        # Not a SimpleQueue: in Python 3.11 its get() waits for ever when the time-out
        # is over between two looks of its own.
        self._ended: Queue[Future[T]] = Queue()
        self._begun: dict[Future[T], float] = {}

    @property
    def busy(self) -> int:
        return len(self._begun)

    @property
    def free(self) -> int:
        """How many more jobs may start now."""
        limit = time.monotonic() - STALLED_AFTER
        quick = sum(begun > limit for begun in self._begun.values())
        return min(self._concurrency - quick, self._concurrency + SPARE - self.busy)

    def start(self, job: Callable[[], T]) -> None:
        future = self._pool.submit(job)
        self._begun[future] = time.monotonic()
        future.add_done_callback(self._ended.put)

    def collect(self, *, patience: timedelta) -> list[T]:
        """Wait for a result, but not for long; return it with those close behind.

        A job that raised has no result: its lease runs out.
        """
        ended: list[Future[T]] = []
        wait = patience.total_seconds()
        with suppress(Empty):
            while len(ended) < ENOUGH:
                ended.append(self._ended.get(timeout=max(wait, 0)))
                # Together they cost little more than one alone: it pays to wait.
                wait = GATHERING if self.busy > len(ended) else 0
        return [result for future in ended for result in self._results(future)]

    def _results(self, future: Future[T]) -> list[T]:
        del self._begun[future]
        if error := future.exception():
            logger.error("delivery.broken", exc_info=error)
            return []
        return [future.result()]

    def close(self) -> None:
        self._pool.shutdown(wait=True)
