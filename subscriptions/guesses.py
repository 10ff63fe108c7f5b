"""Who guesses client secrets is slowed down, before a secret is compared.

By address, and by address and client: whoever knows no more than a client's id cannot
lock it out from elsewhere.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subscriptions.buckets import buckets
from subscriptions.rate_limits import Rate

if TYPE_CHECKING:
    from collections.abc import Iterator

FROM_ADDRESS = Rate(20 / 60, burst=20)
AT_CLIENT = Rate(10 / 60, burst=10)


class TooManyGuesses(Exception):
    """*seconds*: until the next guess is heard."""

    def __init__(self, seconds: int) -> None:
        super().__init__("Too many failed attempts. Try again later.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Guess:
    """An attempt to name a client's secret; it counts until it turns out right."""

    address: str
    client_id: str

    def begin(self) -> None:
        """Count it; raises TooManyGuesses."""
        for key, rate in self._buckets():
            verdict = buckets().take(key, rate, cost=1)
            if verdict.retry_after is not None:
                raise TooManyGuesses(max(1, math.ceil(verdict.retry_after)))

    def was_right(self) -> None:
        """It was no guess."""
        for key, rate in self._buckets():
            buckets().give_back(key, rate, cost=1)

    def _buckets(self) -> Iterator[tuple[str, Rate]]:
        yield f"guess:{self.address}", FROM_ADDRESS
        client = hashlib.sha256(self.client_id.encode()).hexdigest()[:32]
        yield f"guess:{self.address}:{client}", AT_CLIENT
