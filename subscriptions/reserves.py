"""What a process keeps in mind about buckets, so that not each request asks for them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subscriptions.rate_limits import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from subscriptions.buckets import Buckets
    from subscriptions.rate_limits import Rate

# A fast rate is taken in portions of what it allows in this time, and a portion that
# was not used up within it is lost: never more passes than the bucket allows.
PORTION = 0.02
# Keys that are not known any better are asked anew; it bounds the memory.
REMEMBERED = 10_000


@dataclass(slots=True)
class _Known:
    """*refused_until*, *kept_until*: by the clock. *left*: taken, not yet used."""

    verdict: Verdict
    refused_until: float = 0.0
    left: int = 0
    kept_until: float = 0.0


class Reserves:
    """Takes from *buckets*, less often than it is asked."""

    def __init__(
        self,
        buckets: Callable[[], Buckets],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._buckets = buckets
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def take(self, key: str, rate: Rate, *, cost: int = 1) -> Verdict:
        """Whether *cost* may pass now; it is taken if it may."""
        return self._from_memory(key, rate, cost) or self._asked(key, rate, cost)

    def forget(self) -> None:
        self._known.clear()

    def _from_memory(self, key: str, rate: Rate, cost: int) -> Verdict | None:
        with self._lock:
            known, now = self._known.get(key), self._clock()
            if known is None:
                return None
            # Nobody gives back what a request has taken: until then the answer stands.
            if now < known.refused_until:
                wait = known.refused_until - now
                return Verdict(rate.burst, 0, known.verdict.reset, retry_after=wait)
            if now < known.kept_until and cost <= known.left:
                known.left -= cost
                return known.verdict
        return None

    def _asked(self, key: str, rate: Rate, cost: int) -> Verdict:
        portion = max(cost, int(rate.per_second * PORTION))
        verdict = self._buckets().take(key, rate, cost=portion)
        if verdict.retry_after is not None and portion > cost:
            portion = cost
            verdict = self._buckets().take(key, rate, cost=cost)
        self._remember(key, verdict, left=portion - cost, cost=cost)
        return verdict

    def _remember(self, key: str, verdict: Verdict, *, left: int, cost: int) -> None:
        now = self._clock()
        known = _Known(verdict, left=left, kept_until=now + PORTION)
        if verdict.retry_after is not None:
            # Something smaller may pass sooner than what costs more than one.
            known = _Known(verdict, now + verdict.retry_after if cost == 1 else 0.0)
        with self._lock:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[key] = known
