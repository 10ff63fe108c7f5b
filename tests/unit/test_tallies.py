"""Tallies add up, and a histogram loses at most the last digits of a duration."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.policy.tallies import (
    Stored,
    Tally,
    failure_class,
    rounded,
    stored_counts,
    total_of,
)

durations = st.integers(min_value=0, max_value=2_000_000)


def tally_of(measured, *, step=rounded):
    tally = Tally()
    for duration_ms in measured:
        tally.count("success")
        tally.measure(duration_ms, step=step(duration_ms))
    return tally


def stored(tally):
    return Stored(
        statuses=stored_counts(tally.statuses),
        failures=stored_counts(tally.failures),
        durations=stored_counts(tally.durations),
        total_ms=tally.total_ms,
        longest_ms=tally.longest_ms,
    )


@pytest.mark.parametrize(
    ("duration_ms", "kept"),
    [
        (0, 0),
        (1, 1),
        (127, 127),
        (128, 129),
        (129, 129),
        (1000, 1004),
        (30_000, 30_080),
    ],
)
def test_short_durations_are_kept_and_long_ones_rounded(duration_ms, kept):
    assert rounded(duration_ms) == kept


@given(durations)
def test_a_duration_is_rounded_by_less_than_one_percent(duration_ms):
    assert abs(rounded(duration_ms) - duration_ms) * 128 <= duration_ms


@given(durations, durations)
def test_rounding_keeps_the_order(one, other):
    assert (rounded(one) <= rounded(other)) or one > other


@given(st.lists(durations), st.lists(durations))
def test_two_tallies_add_up_to_that_of_both(some, others):
    both = tally_of(some)
    both.add(tally_of(others))

    assert both == tally_of(some + others)


@given(st.lists(st.lists(durations), max_size=4))
def test_many_add_up_as_they_are_stored(parts):
    tallies = [tally_of(each) for each in parts]

    assert total_of(map(stored, tallies)) == tally_of(chain.from_iterable(parts))


@given(st.lists(durations, min_size=1), st.integers(1, 100))
def test_percentiles_are_within_one_percent(measured, percent):
    rank = -(-len(measured) * percent // 100)
    exact = sorted(measured)[rank - 1]

    kept = tally_of(measured).percentile(percent)

    assert abs(kept - exact) * 128 <= exact
    assert kept <= max(measured)


def test_average_and_longest_are_exact():
    tally = tally_of([1000, 30_001])

    assert (tally.average_ms, tally.longest_ms) == (15_500.5, 30_001)


def test_of_nothing_nothing_can_be_said():
    tally = Tally()

    assert (tally.total, tally.success_rate, tally.average_ms) == (0, None, None)
    assert (tally.longest_ms, tally.percentile(50)) == (None, None)


def test_what_was_skipped_is_no_failure():
    tally = Tally(statuses=Counter(success=1, failed=1, timeout=1, skipped=7))

    assert tally.total == 10
    assert tally.success_rate == 33.33


@pytest.mark.parametrize(
    ("status_code", "error_kind", "name"),
    [
        (503, "", "http_5xx"),
        (404, "", "http_4xx"),
        (None, "dns", "dns"),
        (None, "", ""),
    ],
)
def test_failures_are_classed_by_kind_or_by_the_answer(status_code, error_kind, name):
    assert failure_class(status_code, error_kind) == name
