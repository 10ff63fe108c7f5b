"""Does a delivery kill the workers that send it?"""

from __future__ import annotations

from enum import Enum, auto

# Chance, a deployment or a full disk tears off a send twice at most.
ALONE_FROM = 3
LAST = 5


class Suspicion(Enum):
    NONE = auto()
    # It goes out while its worker does nothing else, so that it can harm nobody.
    SUSPECT = auto()
    # It is not tried again.
    POISON = auto()


def suspicion(*, interruptions: int) -> Suspicion:
    """Judge a delivery by how many of its attempts ended with their worker's death."""
    if interruptions >= LAST:
        return Suspicion.POISON
    return Suspicion.SUSPECT if interruptions >= ALONE_FROM else Suspicion.NONE
