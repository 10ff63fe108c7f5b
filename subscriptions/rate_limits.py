"""How often something may happen: the value, and what a bucket says about it.

The buckets are those of the generic cell rate algorithm (ITU-T I.371): a bucket is one
number, the moment at which it will be full again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """*per_second* for long, *burst* at once. Without *burst* it is off."""

    per_second: float
    burst: int

    @classmethod
    def twice(cls, per_second: float) -> Rate:
        """The rule of the public API: a burst of twice the rate; 0 switches it off."""
        return cls(per_second, math.ceil(2 * per_second))

    @property
    def is_off(self) -> bool:
        return self.per_second <= 0

    @property
    def seconds_each(self) -> float:
        return 1 / self.per_second

    def deepest(self, cost: int) -> float:
        """How far from full, in seconds, *cost* may leave the bucket.

        What costs more than a burst passes when the bucket is full, and is paid for
        by those who come next.
        """
        return max(self.burst, cost) * self.seconds_each


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bucket answered. *retry_after*: seconds to wait; None: it passes.

    *reset*: seconds until the bucket is full again.
    """

    limit: int
    remaining: int
    reset: float
    retry_after: float | None = None

    @property
    def share_left(self) -> float:
        return self.remaining / self.limit if self.limit else 0.0


def passed(rate: Rate, *, depth: float) -> Verdict:
    """*depth*: seconds until the bucket is full again, after this one."""
    left = math.floor(rate.burst - depth * rate.per_second + 1e-6)
    return Verdict(rate.burst, remaining=max(0, left), reset=depth)


def refused(rate: Rate, *, cost: int, depth: float) -> Verdict:
    """*depth*: as the bucket stands, with nothing taken out of it."""
    wait = max(0.0, depth + cost * rate.seconds_each - rate.deepest(cost))
    return Verdict(rate.burst, remaining=0, reset=depth, retry_after=wait)
