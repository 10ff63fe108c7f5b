"""When a webhook is disabled without anybody asking."""

from __future__ import annotations

from enum import StrEnum

from deliveries.policy.outcomes import Outcome


class Disabling(StrEnum):
    """Why, as the API says it."""

    GONE = "Gone"
    CONSECUTIVE_FAILURES = "ConsecutiveFailures"


def reason_to_disable(
    outcome: Outcome, *, consecutive_failures: int, limit: int
) -> Disabling | None:
    """410 at once; else *limit* events in a row that ended without success."""
    if outcome is Outcome.GONE:
        return Disabling.GONE
    if outcome is not Outcome.DELIVERED and consecutive_failures >= limit:
        return Disabling.CONSECUTIVE_FAILURES
    return None
