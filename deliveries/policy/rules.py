"""What a profile's policy comes to, with the settings where it says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deliveries.policy.retry import LONGEST_WAIT, RetryPolicy
from subscriptions.profiles import AttemptsInARow, EventsInARow, Retried, Unacknowledged

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import timedelta

    from subscriptions.profiles import Policy, StopRule


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the settings say. *scale* shortens what policies say of time, for trials."""

    timeout: timedelta
    delays: tuple[timedelta, ...]
    auto_disable_after: int
    scale: float = 1


@dataclass(frozen=True, slots=True)
class Rules:
    """How deliveries of a profile are sent, judged and tried again."""

    timeout: timedelta
    retries: RetryPolicy
    success: Container[int]
    retried: Retried
    stop_rule: StopRule
    stops_when_gone: bool

    @property
    def longest_wait(self) -> timedelta:
        """Between two attempts."""
        return max((LONGEST_WAIT, *self.retries.delays))

    @property
    def patience(self) -> timedelta | None:
        """How long an event may stay unacknowledged; None if that is of no account."""
        rule = self.stop_rule
        return rule.after if isinstance(rule, Unacknowledged) else None


def rules_for(policy: Policy, defaults: Defaults) -> Rules:
    delays = defaults.delays
    if policy.delays is not None:
        delays = tuple(delay * defaults.scale for delay in policy.delays)
    return Rules(
        timeout=defaults.timeout if policy.timeout is None else policy.timeout,
        retries=RetryPolicy(delays),
        success=policy.success,
        retried=policy.retried,
        stop_rule=_stop_rule(policy.stop_rule, defaults),
        stops_when_gone=policy.stops_when_gone,
    )


def _stop_rule(rule: StopRule, defaults: Defaults) -> StopRule:
    match rule:
        case EventsInARow(limit=None):
            return EventsInARow(defaults.auto_disable_after)
        case AttemptsInARow(limit=limit, within=within):
            return AttemptsInARow(limit, within * defaults.scale)
        case Unacknowledged(after=after):
            return Unacknowledged(after * defaults.scale)
    return rule
