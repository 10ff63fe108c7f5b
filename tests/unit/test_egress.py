"""Whose fault it is that nobody can be reached, and who may go out then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deliveries.policy.egress import (
    LATELY,
    PAUSE,
    Evidence,
    Passage,
    Tally,
    Witness,
    is_our_fault,
    is_unconnected,
    passage,
    testifies_since,
    total,
)
from deliveries.wire.exchange import (
    Exchange,
    Failure,
    FailureKind,
    Response,
    Timing,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)
# Not a test, whatever its name begins with.
testifies_since.__test__ = False


def heard(webhooks=10, *, hosts=3, tenants=2):
    return [
        Witness(number, number % tenants, f"host-{number % hosts}")
        for number in range(webhooks)
    ]


@pytest.mark.parametrize(
    ("tally", "witnesses", "tenants", "is_ours"),
    [
        pytest.param(Tally(10, 10), heard(), 2, True, id="nobody is reached"),
        pytest.param(Tally(100, 90), heard(), 2, True, id="nine of ten are not"),
        pytest.param(Tally(100, 89), heard(), 2, False, id="one more is reached"),
        pytest.param(Tally(0, 0), heard(), 2, False, id="nobody is called"),
        pytest.param(Tally(99, 99), heard(9), 2, False, id="nine webhooks"),
        pytest.param(Tally(99, 99), [], 2, False, id="webhooks that never delivered"),
        pytest.param(Tally(99, 99), heard(50, hosts=2), 2, False, id="two hosts"),
        pytest.param(Tally(99, 99), heard(50, tenants=1), 2, False, id="one of two"),
        pytest.param(Tally(99, 99), heard(tenants=1), 1, True, id="the only tenant"),
    ],
)
def test_whose_fault_it_is(tally, witnesses, tenants, is_ours):
    assert is_our_fault(Evidence(tally, witnesses, tenants)) is is_ours


def test_tallies_add_up():
    assert total([Tally(3, 1), Tally(4, 4)]) == Tally(7, 5)
    assert total([]) == Tally(0, 0)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Failure(FailureKind.DNS, ""), True),
        (Failure(FailureKind.CONNECT, ""), True),
        (Failure(FailureKind.OUTAGE, ""), True),
        (Failure(FailureKind.TLS, ""), False),
        (Failure(FailureKind.TIMEOUT, ""), False),
        (Failure(FailureKind.RESET, ""), False),
        (Failure(FailureKind.BLOCKED, ""), False),
        (Response(503), False),
        (Response(200), False),
    ],
)
def test_what_a_receiver_had_a_part_in_is_no_sign_of_an_outage(reply, expected):
    assert is_unconnected(Exchange(reply, Timing(total_ms=1))) is expected


def test_a_witness_has_delivered_within_the_hour():
    assert testifies_since(None, now=NOW) == NOW - LATELY == NOW - timedelta(hours=1)
    assert testifies_since(NOW - timedelta(hours=2), now=NOW) == NOW - LATELY


def test_who_was_a_witness_once_must_deliver_before_it_is_one_again():
    came_up = NOW - timedelta(minutes=5)

    assert testifies_since(came_up, now=NOW) == came_up


@pytest.mark.parametrize(
    ("down", "paused_for", "expected"),
    [
        pytest.param(False, None, Passage.OPEN, id="nothing is wrong"),
        pytest.param(True, PAUSE, Passage.SHUT, id="the pause begins"),
        pytest.param(True, A_MOMENT, Passage.SHUT, id="the pause ends soon"),
        pytest.param(True, timedelta(), Passage.PROBE, id="the pause is over"),
        pytest.param(True, PAUSE + A_MOMENT, Passage.PROBE, id="a clock was put back"),
    ],
)
def test_who_may_go_out(down, paused_for, expected):
    found = passage(
        down_since=NOW if down else None,
        paused_until=NOW + paused_for if down else None,
        now=NOW,
    )

    assert found is expected
