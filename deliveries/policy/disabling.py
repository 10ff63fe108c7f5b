"""When a webhook is disabled without anybody asking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from deliveries.policy.outcomes import Outcome
from subscriptions.profiles import AttemptsInARow, EventsInARow

if TYPE_CHECKING:
    from subscriptions.profiles import StopRule

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(milliseconds=1)


class Disabling(StrEnum):
    """Why, as the API says it."""

    GONE = "Gone"
    CONSECUTIVE_FAILURES = "ConsecutiveFailures"
    NOT_ACKNOWLEDGED = "NotAcknowledged"


class Streak(NamedTuple):
    """Failures in a row, as a rule counts them.

    *ends*: when each ended, in milliseconds since 1970, for a rule that forgets old
    ones. Never more than the rule's limit.
    """

    length: int = 0
    ends: tuple[int, ...] = ()


def lengthened(
    streak: Streak, rule: StopRule, *, at: datetime, has_ended: bool
) -> Streak:
    """The streak after an attempt that failed. *has_ended*: and was the event's last."""
    if isinstance(rule, AttemptsInARow):
        end = (at - _EPOCH) // _TICK
        oldest = end - rule.within // _TICK
        ends = [*(each for each in streak.ends if each >= oldest), end]
        kept = tuple(sorted(ends)[-rule.limit :])
        return Streak(len(kept), kept)
    return Streak(streak.length + 1) if has_ended else streak


def reason_to_disable(
    outcome: Outcome, streak: Streak, rule: StopRule
) -> Disabling | None:
    """Whether a failure that lengthened *streak*, or was a 410, is one too many.

    A rule that looks at the age of what is not acknowledged is asked elsewhere, because
    time passes without attempts, too.
    """
    if outcome is Outcome.GONE:
        return Disabling.GONE
    match rule:
        case EventsInARow(limit=limit) | AttemptsInARow(limit=limit):
            is_enough = limit is not None and streak.length >= limit
            return Disabling.CONSECUTIVE_FAILURES if is_enough else None
    return None


def why(reason: str, rule: StopRule, *, failures: int) -> str:
    """The reason in words, as they follow a colon."""
    if reason == Disabling.GONE:
        return "its receiver answered 410 Gone"
    if reason == Disabling.NOT_ACKNOWLEDGED:
        return "an event that was sent to it was not acknowledged in time"
    counted = "attempts" if isinstance(rule, AttemptsInARow) else "events"
    verb = "failed" if counted == "attempts" else "were not delivered"
    return f"{failures} {counted} in a row {verb}"
