from __future__ import annotations

from datetime import timedelta

import pytest

from deliveries.policy.pacing import REMEMBERED, WIDEST, Pacing
from deliveries.wire.exchange import Failure, FailureKind, Response

AT_ONCE = timedelta(milliseconds=5)
LATE = timedelta(milliseconds=101)
OK = Response(200)


@pytest.fixture
def pacing():
    return Pacing(normal=4)


def test_a_receiver_that_is_not_known_gets_the_normal_window(pacing):
    assert pacing.window(1) == 4


def test_each_quick_answer_widens_the_window_by_one(pacing):
    pacing.saw(1, OK, took=AT_ONCE)
    pacing.saw(1, OK, took=AT_ONCE)

    assert pacing.window(1) == 6
    assert pacing.window(2) == 4


def test_the_window_has_an_end(pacing):
    for _ in range(100):
        pacing.saw(1, OK, took=AT_ONCE)

    assert pacing.window(1) == WIDEST


def test_a_slow_answer_takes_it_back_to_normal(pacing):
    for _ in range(10):
        pacing.saw(1, OK, took=AT_ONCE)

    pacing.saw(1, OK, took=LATE)

    assert pacing.window(1) == 4


@pytest.mark.parametrize(
    "kind", [FailureKind.TIMEOUT, FailureKind.CONNECT, FailureKind.DNS]
)
def test_a_receiver_that_cannot_be_reached_gets_one_at_a_time(pacing, kind):
    pacing.saw(1, Failure(kind, "There was no answer."), took=AT_ONCE)

    assert pacing.window(1) == 1


def test_a_slow_answer_does_not_widen_the_window_of_one_that_hung(pacing):
    pacing.saw(1, Failure(FailureKind.TIMEOUT, "There was no answer."), took=LATE)
    pacing.saw(1, OK, took=LATE)

    assert pacing.window(1) == 1


@pytest.mark.parametrize("status", [503, 404, 301])
def test_a_quick_refusal_holds_nobody_up(pacing, status):
    pacing.saw(1, Response(status), took=AT_ONCE)

    assert pacing.window(1) == 5


def test_the_memory_is_bounded(pacing):
    for webhook_id in range(REMEMBERED + 1):
        pacing.saw(webhook_id, OK, took=AT_ONCE)

    assert pacing.window(0) == 4
    assert pacing.window(REMEMBERED) == 5
