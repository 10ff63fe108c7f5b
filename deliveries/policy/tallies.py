"""How entries of the log add up: counts by how they ended, durations as a histogram.

Tallies of different hours add up to that of both, and nothing is lost by it but the
last digits of long durations.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Durations are kept to seven binary digits: exact below 128 ms, else within 1/128.
_DIGITS = 7
NEVER_TRIED = "skipped"
SUCCEEDED = "success"


def rounded(duration_ms: int) -> int:
    """The middle of the step of the histogram into which a duration falls."""
    shift = duration_ms.bit_length() - _DIGITS
    if shift <= 0:
        return duration_ms
    return (duration_ms >> shift << shift) + (1 << shift - 1)


def failure_class(status_code: int | None, error_kind: str) -> str:
    """The kind of failure; of an answer that is an error, its class."""
    return error_kind or (f"http_{status_code // 100}xx" if status_code else "")


@dataclass(slots=True, kw_only=True)
class Tally:
    """Entries by status, failures by class; durations of what was seen to its end."""

    statuses: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    durations: Counter[int] = field(default_factory=Counter)
    total_ms: int = 0
    longest_ms: int | None = None

    def count(self, status: str, *, times: int = 1) -> None:
        self.statuses[status] += times

    def measure(self, duration_ms: int, *, times: int = 1, step: int) -> None:
        """*step*: where the histogram has it; the duration itself to stay exact."""
        self.durations[step] += times
        self.total_ms += duration_ms * times
        if self.longest_ms is None or duration_ms > self.longest_ms:
            self.longest_ms = duration_ms

    def add(self, other: Tally) -> None:
        self.statuses.update(other.statuses)
        self.failures.update(other.failures)
        self.durations.update(other.durations)
        self.total_ms += other.total_ms
        if other.longest_ms is not None:
            self.longest_ms = max(self.longest_ms or 0, other.longest_ms)

    @property
    def total(self) -> int:
        return self.statuses.total()

    @property
    def success_rate(self) -> float | None:
        """A percentage of what was tried; what was skipped was not."""
        tried = self.total - self.statuses[NEVER_TRIED]
        if not tried:
            return None
        return round(100 * self.statuses[SUCCEEDED] / tried, 2)

    @property
    def average_ms(self) -> float | None:
        measured = self.durations.total()
        return round(self.total_ms / measured, 2) if measured else None

    def percentile(self, percent: int) -> int | None:
        """By nearest rank: the smallest duration that *percent* % do not exceed."""
        rank = -(-self.durations.total() * percent // 100)
        for duration, count in sorted(self.durations.items()):
            rank -= count
            if rank <= 0:
                return min(duration, self.longest_ms or 0)
        return None


def tally_of(
    *,
    statuses: Mapping[str, int],
    failures: Mapping[str, int],
    durations: Mapping[str, int],
    total_ms: int,
    longest_ms: int | None = None,
) -> Tally:
    """What was stored, as it was counted."""
    return Tally(
        statuses=Counter(statuses),
        failures=Counter(failures),
        durations=Counter({int(ms): times for ms, times in durations.items()}),
        total_ms=total_ms,
        longest_ms=longest_ms,
    )


class Stored(NamedTuple):
    """A tally as it is stored: names are texts."""

    statuses: Mapping[str, int]
    failures: Mapping[str, int]
    durations: Mapping[str, int]
    total_ms: int
    longest_ms: int | None


def total_of(stored: Iterable[Stored]) -> Tally:
    """All together. A name becomes a number once, instead of once for each of them."""
    rows = list(stored)
    longest = [row.longest_ms for row in rows if row.longest_ms is not None]
    return tally_of(
        statuses=_added(row.statuses for row in rows),
        failures=_added(row.failures for row in rows),
        durations=_added(row.durations for row in rows),
        total_ms=sum(row.total_ms for row in rows),
        longest_ms=max(longest, default=None),
    )


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    # What Counter.update does, in half the time.
    sums: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            sums[name] = sums.get(name, 0) + count
    return sums


def stored_counts(counts: Counter[Any]) -> dict[str, int]:
    """As JSON has it, whose names are texts."""
    return {str(name): count for name, count in counts.items()}
