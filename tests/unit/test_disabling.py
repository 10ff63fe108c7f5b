"""When a webhook is disabled without anybody asking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deliveries.policy.disabling import (
    Disabling,
    Streak,
    lengthened,
    reason_to_disable,
    why,
)
from deliveries.policy.outcomes import Outcome
from subscriptions.models import Webhook
from subscriptions.profiles import AttemptsInARow, EventsInARow, Unacknowledged

TEN_EVENTS = EventsInARow(10)
THREE_ATTEMPTS = AttemptsInARow(3, within=timedelta(hours=72))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("outcome", "failures", "reason"),
    [
        (Outcome.GONE, 1, Disabling.GONE),
        (Outcome.GONE, 10, Disabling.GONE),
        (Outcome.REFUSED, 9, None),
        (Outcome.REFUSED, 10, Disabling.CONSECUTIVE_FAILURES),
        (Outcome.FAILED, 9, None),
        (Outcome.FAILED, 10, Disabling.CONSECUTIVE_FAILURES),
        (Outcome.FAILED, 11, Disabling.CONSECUTIVE_FAILURES),
    ],
)
@pytest.mark.parametrize("rule", [TEN_EVENTS, AttemptsInARow(10, timedelta(hours=1))])
def test_reasons(outcome, failures, reason, rule):
    assert reason_to_disable(outcome, Streak(failures), rule) is reason


def test_a_rule_about_age_counts_nothing():
    rule = Unacknowledged(timedelta(hours=48))

    assert reason_to_disable(Outcome.FAILED, Streak(1_000), rule) is None


def test_the_webhook_knows_the_same_reasons():
    assert {*Disabling, "Manual"} == set(Webhook.DisabledReason)


def streak_after(rule, *failures):
    """*failures*: hours after noon, and whether the event had ended with it."""
    streak = Streak()
    for hours, has_ended in failures:
        at = NOON + timedelta(hours=hours)
        streak = lengthened(streak, rule, at=at, has_ended=has_ended)
    return streak


def test_events_count_when_they_end():
    found = streak_after(TEN_EVENTS, (0, False), (1, False), (2, True), (3, True))

    assert found == Streak(2)


def test_attempts_count_each():
    found = streak_after(THREE_ATTEMPTS, (0, False), (1, False))

    assert found.length == 2


@pytest.mark.parametrize(
    ("last", "length"),
    [
        (timedelta(hours=72), 3),
        (timedelta(hours=72, milliseconds=1), 2),
        (timedelta(hours=73), 2),
        (timedelta(hours=73, milliseconds=1), 1),
    ],
)
def test_attempts_that_are_too_old_count_no_more(last, length):
    two = streak_after(THREE_ATTEMPTS, (0, False), (1, True))

    found = lengthened(two, THREE_ATTEMPTS, at=NOON + last, has_ended=False)

    assert found.length == length


def test_no_more_is_remembered_than_the_rule_asks_for():
    found = streak_after(THREE_ATTEMPTS, *((hour, True) for hour in range(9)))

    assert found.length == len(found.ends) == 3
    assert found.ends[0] == int((NOON + timedelta(hours=6)).timestamp() * 1000)


def test_results_may_come_late():
    found = streak_after(THREE_ATTEMPTS, (2, True), (0, True), (1, True), (3, True))

    assert found.ends == tuple(
        int((NOON + timedelta(hours=hours)).timestamp() * 1000) for hours in (1, 2, 3)
    )


@pytest.mark.parametrize(
    ("reason", "rule", "words"),
    [
        ("Gone", TEN_EVENTS, "its receiver answered 410 Gone"),
        (
            "ConsecutiveFailures",
            TEN_EVENTS,
            "7 events in a row were not delivered",
        ),
        ("ConsecutiveFailures", THREE_ATTEMPTS, "7 attempts in a row failed"),
        (
            "NotAcknowledged",
            Unacknowledged(timedelta(hours=48)),
            "an event that was sent to it was not acknowledged in time",
        ),
    ],
)
def test_the_reason_in_words(reason, rule, words):
    assert why(reason, rule, failures=7) == words
