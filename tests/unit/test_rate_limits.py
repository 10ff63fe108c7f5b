"""What a bucket says, and what a process remembers of it."""

from __future__ import annotations

import pytest

from subscriptions.rate_limits import Rate, passed, refused
from subscriptions.reserves import Reserves

TEN = Rate.twice(10)


def test_a_burst_is_twice_the_rate():
    assert Rate.twice(10) == Rate(10, burst=20)
    assert Rate.twice(0.5) == Rate(0.5, burst=1)
    assert Rate.twice(0).is_off


@pytest.mark.parametrize(
    ("depth", "remaining"), [(0.0, 20), (0.1, 19), (0.15, 18), (1.9, 1), (2.0, 0)]
)
def test_what_is_left_of_a_burst(depth, remaining):
    assert passed(TEN, depth=depth).remaining == remaining


@pytest.mark.parametrize(
    ("cost", "depth", "wait"),
    [
        pytest.param(1, 2.0, 0.1, id="one, and the bucket is empty"),
        pytest.param(20, 0.5, 0.5, id="a burst, and the bucket is not full"),
        pytest.param(40, 0.5, 0.5, id="more than a burst waits until it is full"),
    ],
)
def test_how_long_to_wait(cost, depth, wait):
    assert refused(TEN, cost=cost, depth=depth).retry_after == pytest.approx(wait)


class Fake:
    """A bucket of *tokens* that never fills up again; counts who asks."""

    def __init__(self, tokens):
        self.tokens, self.asked = tokens, 0

    def take(self, key, rate, *, cost):
        self.asked += 1
        if cost > self.tokens:
            return refused(rate, cost=cost, depth=rate.burst * rate.seconds_each)
        self.tokens -= cost
        return passed(rate, depth=0)


def test_a_refusal_is_remembered_until_it_is_over():
    now, bucket = [0.0], Fake(tokens=1)
    reserves = Reserves(lambda: bucket, clock=lambda: now[0])

    answers = [reserves.take("key", TEN).retry_after for _ in range(5)]
    now[0] = 0.11
    reserves.take("key", TEN)

    assert answers == [None, *[pytest.approx(0.1)] * 4]
    assert bucket.asked == 3


def test_a_fast_rate_is_taken_in_portions_and_none_passes_twice():
    bucket = Fake(tokens=30)
    reserves = Reserves(lambda: bucket, clock=lambda: 0.0)
    fast = Rate.twice(1000)

    passes = [reserves.take("key", fast).retry_after is None for _ in range(40)]

    assert passes == [True] * 30 + [False] * 10
    # One portion of 20; then ten by one, as a portion was too much; then a refusal.
    assert bucket.asked == 1 + 2 * 10 + 2


def test_what_was_taken_and_not_used_in_time_is_lost():
    now, bucket = [0.0], Fake(tokens=1000)
    reserves = Reserves(lambda: bucket, clock=lambda: now[0])
    fast = Rate.twice(1000)

    for _ in range(3):
        reserves.take("key", fast)
        now[0] += 1

    assert bucket.tokens == 1000 - 3 * 20
