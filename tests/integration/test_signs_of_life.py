"""Each group of workers has a sign of life of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from deliveries import groups, tasks
from deliveries.engine.watch import Watch
from deliveries.models import SignOfLife
from deliveries.supervision.signs import last_seen, last_seen_in
from tests.builders import make_sign_of_life

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(monkeypatch):
    """What a supervisor has told this worker."""
    monkeypatch.setenv(groups.GROUP, "this-group")
    return "this-group"


def test_a_worker_speaks_for_its_group_alone(group, clock):
    other = make_sign_of_life(clock() - timedelta(hours=1))

    Watch(clock=clock)

    assert last_seen_in(group) == last_seen() == clock()
    other.refresh_from_db()
    assert other.seen_at == clock() - timedelta(hours=1)


def test_workers_of_one_group_share_a_row(group, clock):
    Watch(clock=clock)
    clock.advance(seconds=2)
    Watch(clock=clock)

    assert SignOfLife.objects.get().seen_at == clock()
    assert SignOfLife.objects.get().node == groups.node()


def test_a_group_that_has_nothing_to_do_answers_the_roll(group):
    tasks.answer_the_roll()

    assert timezone.now() - last_seen_in(group) < timedelta(minutes=1)


def test_of_a_group_that_was_never_heard_nothing_is_known(group):
    make_sign_of_life(timezone.now())

    assert last_seen_in(group) is None


def test_groups_are_never_mistaken_for_each_other():
    assert groups.new_group() != groups.new_group()


def test_without_a_supervisor_a_group_has_a_name_all_the_same(monkeypatch):
    monkeypatch.delenv(groups.GROUP, raising=False)

    assert groups.own_group().startswith(f"{groups.node()}:")


def test_groups_of_yesterday_are_forgotten(clock):
    make_sign_of_life(clock() - timedelta(days=1, seconds=1))
    kept = make_sign_of_life(clock() - timedelta(hours=23))

    SignOfLife.objects.forget_old(now=clock())

    assert SignOfLife.objects.get() == kept
