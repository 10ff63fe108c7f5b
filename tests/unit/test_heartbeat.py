"""Silence is measured by our own clock, and taken as such with growing patience."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deliveries.supervision.heartbeat import Heartbeat

SIGN = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def heartbeat():
    """Faint after 10 s, stopped after 25, begun at 100."""
    heartbeat = Heartbeat(10, 25)
    heartbeat.begin(100)
    return heartbeat


def test_it_is_faint_first_and_then_has_stopped(heartbeat):
    assert not heartbeat.is_faint(109.9)
    assert heartbeat.is_faint(110)
    assert not heartbeat.has_stopped(124.9)
    assert heartbeat.has_stopped(125)


def test_each_new_sign_counts(heartbeat):
    for second in range(101, 201):
        heartbeat.hear(SIGN + timedelta(seconds=second), at=second)

    assert not heartbeat.is_faint(201)
    assert heartbeat.has_stopped(225)


def test_the_same_sign_again_is_none(heartbeat):
    for second in range(101, 126):
        heartbeat.hear(SIGN, at=second)

    assert heartbeat.is_faint(111)
    assert heartbeat.has_stopped(126)


def test_what_the_sign_says_is_of_no_account(heartbeat):
    heartbeat.hear(SIGN, at=101)
    heartbeat.hear(SIGN - timedelta(days=1), at=120)

    assert not heartbeat.has_stopped(144)


def test_a_new_group_has_all_the_time_again(heartbeat):
    heartbeat.begin(124)

    assert not heartbeat.has_stopped(148)


def test_stops_in_vain_come_ever_later_until_a_sign_comes(heartbeat):
    now, pauses = 100.0, []
    for _ in range(6):
        begun = now
        while not heartbeat.has_stopped(now):
            now += 1
        pauses.append(now - begun)
        heartbeat.begin(now)

    assert pauses == [25, 50, 100, 200, 300, 300]

    heartbeat.hear(SIGN, at=now)
    assert heartbeat.has_stopped(now + 25)
