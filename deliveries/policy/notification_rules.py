"""When a rule is hit, and when it is over: numbers in, verdicts out."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, StrEnum
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTE = timedelta(minutes=1)
# Shorter than a minute: the steps of the schedule are not exact.
EVERY = timedelta(seconds=45)
DAY = timedelta(days=1)
SHORTEST, LONGEST = 5 * MINUTE, 7 * DAY
DAYS_BEFORE = 7
# Of fewer days a median says nothing.
FEWEST_DAYS = 3
# An evaluation takes at most this share of somebody's time.
SHARE = 20
LONGEST_PAUSE = DAY


class Kind(StrEnum):
    COUNT = "Count"
    PERCENT = "Percent"
    PERCENT_CHANGE = "PercentChange"
    NO_SUCCESS = "NoSuccessFor"
    OLDEST_WAITING = "OldestWaiting"
    DELIVERY_GAP = "DeliveryGap"
    WEBHOOK_DISABLED = "WebhookDisabled"
    FIRST_FAILURE = "FirstFailure"

    @classmethod
    def measured(cls) -> tuple[Kind, ...]:
        """Of which a number is taken each minute; the others see what happens."""
        return tuple(kind for kind in cls if kind not in cls.watching())

    @classmethod
    def watching(cls) -> tuple[Kind, ...]:
        """They look at each webhook by itself."""
        return (cls.WEBHOOK_DISABLED, cls.FIRST_FAILURE)


class Metric(StrEnum):
    DELIVERIES = "Deliveries"
    EVENTS = "Events"


class Comparison(StrEnum):
    AT_LEAST = "AtLeast"
    AT_MOST = "AtMost"


class Baseline(StrEnum):
    PREVIOUS = "PreviousWindow"
    MEDIAN = "MedianOfSevenDays"


class Window(NamedTuple):
    """What came after *since*, up to and with *until*: windows in a row share nothing."""

    since: datetime
    until: datetime

    def back(self, by: timedelta) -> Window:
        return Window(self.since - by, self.until - by)

    def before(self) -> Window:
        """Of the same length, up to where this one begins."""
        return self.back(self.until - self.since)

    def on_the_days_before(self) -> list[Window]:
        return [self.back(days * DAY) for days in range(1, DAYS_BEFORE + 1)]


def window_until(now: datetime, *, length: timedelta) -> Window:
    return Window(now - length, now)


def percent(part: int, whole: int, *, minimum_volume: int) -> float | None:
    """None of too few: one failure of two is not an alarm."""
    if whole < max(minimum_volume, 1):
        return None
    return 100 * part / whole


def percent_change(
    current: int, usual: float | None, *, minimum_volume: int
) -> float | None:
    """None where too little is usual to compare with; a drop is negative."""
    if usual is None or usual < max(minimum_volume, 1):
        return None
    return 100 * (current - usual) / usual


def usual_of(counts: Sequence[int | None]) -> float | None:
    """The median of the days that there are; None stands for a day of before."""
    there = [count for count in counts if count is not None]
    return float(median(there)) if len(there) >= FEWEST_DAYS else None


def is_hit(value: float | None, *, comparison: str, threshold: float) -> bool:
    """What cannot be said hits nothing."""
    if value is None:
        return False
    if comparison == Comparison.AT_MOST:
        return value <= threshold
    return value >= threshold


class Step(Enum):
    """What an evaluation leads to."""

    NOTHING = "nothing"
    OPEN = "open"
    REMIND = "remind"
    HOLD = "hold"
    MARK_CLEAR = "mark clear"
    RESOLVE = "resolve"


class Course(NamedTuple):
    """An incident as far as it has come."""

    told_at: datetime
    clear_since: datetime | None


def next_step(
    *, hits: bool, course: Course | None, now: datetime, repeats_after: timedelta | None
) -> Step:
    """Over is what two evaluations in a row, a minute apart, saw not to be hit.

    *repeats_after*: while it is open, people are told once in so long; None: once.
    """
    if course is None:
        return Step.OPEN if hits else Step.NOTHING
    if hits:
        return _while_hit(course, now=now, repeats_after=repeats_after)
    since = course.clear_since
    # A mark of the future was made by a clock that was put back since.
    if since is None or since > now:
        return Step.MARK_CLEAR
    return Step.RESOLVE if now - since >= EVERY else Step.NOTHING


def _while_hit(
    course: Course, *, now: datetime, repeats_after: timedelta | None
) -> Step:
    if repeats_after is not None and now - course.told_at >= repeats_after:
        return Step.REMIND
    return Step.HOLD if course.clear_since else Step.NOTHING


def may_open(
    *, last_opened_at: datetime | None, now: datetime, rest: timedelta
) -> bool:
    """Once per *rest*; an incident of the future was opened by a wrong clock."""
    if last_opened_at is None or last_opened_at > now:
        return True
    return now - last_opened_at >= rest


def pause_after(took: timedelta) -> timedelta:
    """Until the next evaluation: a minute, or longer where it took long to count."""
    return min(max(EVERY, SHARE * took), LONGEST_PAUSE)
