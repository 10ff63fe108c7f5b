"""When a rule is hit, and when an incident is over, for any numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.policy.notification_rules import (
    EVERY,
    LONGEST_PAUSE,
    Course,
    Kind,
    Step,
    is_hit,
    may_open,
    next_step,
    pause_after,
    percent,
    percent_change,
    usual_of,
    window_until,
)
from deliveries.policy.rule_forms import UNSET, problems_with

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LENGTHS = st.integers(5, 7 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
COUNTS = st.integers(0, 10**6)
AGES = st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds))


@given(LENGTHS)
def test_windows_in_a_row_meet_and_share_nothing(length):
    window = window_until(NOW, length=length)

    assert window.before().until == window.since
    assert window.until - window.since == length


@given(LENGTHS)
def test_the_days_before_are_the_same_time_of_day(length):
    window = window_until(NOW, length=length)

    days = window.on_the_days_before()

    assert len(days) == 7
    assert {NOW.time()} == {day.until.time() for day in days}
    assert days[-1].until == NOW - timedelta(days=7)


@given(COUNTS, COUNTS, st.integers(0, 1000))
def test_a_percentage_is_one_or_nothing(part, rest, minimum):
    found = percent(part, part + rest, minimum_volume=minimum)

    if part + rest < max(minimum, 1):
        assert found is None
    else:
        assert 0 <= found <= 100


@given(COUNTS, st.none() | COUNTS, st.integers(0, 1000))
def test_a_change_is_never_below_the_loss_of_everything(current, usual, minimum):
    found = percent_change(current, usual, minimum_volume=minimum)

    assert found is None or found >= -100
    assert (found is None) == (usual is None or usual < max(minimum, 1))


@given(st.lists(st.none() | COUNTS, max_size=7))
def test_what_is_usual_lies_between_the_days(counts):
    there = [each for each in counts if each is not None]

    usual = usual_of(counts)

    if len(there) < 3:
        assert usual is None
    else:
        assert min(there) <= usual <= max(there)


@pytest.mark.parametrize(
    ("value", "comparison", "hits"),
    [
        (9.9, "AtLeast", False),
        (10, "AtLeast", True),
        (10, "AtMost", True),
        (10.1, "AtMost", False),
        (None, "AtLeast", False),
        (None, "AtMost", False),
    ],
)
def test_a_threshold_belongs_to_what_it_bounds(value, comparison, hits):
    assert is_hit(value, comparison=comparison, threshold=10) is hits


@given(st.lists(st.booleans(), max_size=30))
def test_incidents_end_where_two_looks_in_a_row_see_nothing(looks):
    """A model of it: who keeps the steps in mind comes to the same."""
    now, course, quiet, opened = NOW, None, 0, 0
    for hits in looks:
        now += EVERY
        step = next_step(hits=hits, course=course, now=now, repeats_after=None)
        quiet = 0 if hits else quiet + 1
        if course is None:
            assert step is (Step.OPEN if hits else Step.NOTHING)
            course, opened = (Course(now, None), opened + 1) if hits else (None, opened)
        elif quiet == 2:
            assert step is Step.RESOLVE
            course = None
        elif quiet == 1:
            assert step is Step.MARK_CLEAR
            course = course._replace(clear_since=now)
        else:
            assert step in (Step.HOLD, Step.NOTHING)
            course = course._replace(clear_since=None)


def test_two_evaluators_at_the_same_moment_are_one_look():
    course = Course(NOW, clear_since=NOW)

    step = next_step(hits=False, course=course, now=NOW, repeats_after=None)

    assert step is Step.NOTHING


def test_a_mark_of_a_wrong_clock_is_made_anew():
    course = Course(NOW, clear_since=NOW + timedelta(days=1))

    step = next_step(hits=False, course=course, now=NOW, repeats_after=None)

    assert step is Step.MARK_CLEAR


@given(AGES, LENGTHS)
def test_it_repeats_itself_once_in_so_long(age, length):
    course = Course(told_at=NOW - age, clear_since=None)

    step = next_step(hits=True, course=course, now=NOW, repeats_after=length)

    assert step is (Step.REMIND if age >= length else Step.NOTHING)


@given(AGES, LENGTHS)
def test_the_next_incident_waits_for_its_time(age, rest):
    assert may_open(last_opened_at=NOW - age, now=NOW, rest=rest) is (age >= rest)


def test_an_incident_of_the_future_keeps_none_waiting():
    later = NOW + timedelta(seconds=1)

    assert may_open(last_opened_at=later, now=NOW, rest=timedelta(days=7))


@given(st.floats(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)))
def test_what_takes_long_is_done_less_often(took):
    pause = pause_after(took)

    assert EVERY <= pause <= LONGEST_PAUSE
    assert pause >= 20 * took or pause == LONGEST_PAUSE


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_alone_is_a_rule_or_says_what_it_lacks(kind):
    fields = UNSET | {
        "kind": kind,
        "threshold": 1,
        "window_minutes": 60,
        "webhook": None,
        "subsidiary": None,
    }

    found = problems_with(fields)

    lacks = [("statuses", "Say which deliveries: how they ended.")]
    assert found == (lacks if kind == Kind.PERCENT else [])
