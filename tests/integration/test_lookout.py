"""Of all idle workers one stays awake, and each says that it is alive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.brokers import get_broker

from deliveries import tasks
from deliveries.engine.watch import LEASE, Watch, nobody_watches
from deliveries.models import Lookout, SignOfLife

pytestmark = pytest.mark.django_db


@pytest.fixture
def watch(clock):
    return Watch(clock=clock)


@pytest.fixture
def broker():
    broker = get_broker()
    broker.purge_queue()
    yield broker
    broker.purge_queue()


def seen_at():
    return SignOfLife.objects.get().seen_at


def test_the_first_stays_awake_and_the_second_does_not(watch, clock):
    second = Watch(clock=clock)

    assert watch.stays()
    assert not second.stays()


def test_when_the_lookout_goes_the_next_takes_its_place(watch, clock):
    watch.end()

    assert Watch(clock=clock).stays()


def test_who_was_not_the_lookout_ends_nobodys_watch(watch, clock):
    Watch(clock=clock).end()

    assert not Watch(clock=clock).stays()


def test_the_place_of_a_lookout_that_died_is_free_after_its_lease(watch, clock):
    clock.now += LEASE - timedelta(microseconds=1)
    assert not Watch(clock=clock).stays()

    clock.advance(microseconds=1)
    assert Watch(clock=clock).stays()


def test_a_lookout_that_is_awake_keeps_its_place(watch, clock):
    for _ in range(10):
        clock.advance(seconds=2)
        assert watch.stays()

    assert not Watch(clock=clock).stays()


def test_every_worker_says_that_it_is_alive(watch, clock):
    other = Watch(clock=clock)
    watch.end()

    clock.advance(seconds=30)
    other.report()

    assert seen_at() == clock()
    assert Lookout.objects.get().until is None


def test_a_sign_of_life_now_and_then_is_enough(watch, clock, django_assert_num_queries):
    watch.report()
    clock.advance(seconds=1)

    with django_assert_num_queries(0):
        watch.report()


def test_there_is_one_row(watch, clock):
    Watch(clock=clock).end()
    watch.end()

    assert Lookout.objects.count() == 1


def test_a_lookout_that_died_is_missed_after_its_lease(watch, clock):
    clock.now += LEASE - timedelta(microseconds=1)
    assert not nobody_watches(now=clock())

    clock.advance(microseconds=1)
    assert nobody_watches(now=clock())


def test_who_answers_the_roll_wakes_a_successor(watch, clock, broker):
    Lookout.objects.update(until=timezone.now() - LEASE)

    tasks.answer_the_roll()
    Lookout.objects.update(until=timezone.now() + LEASE)
    tasks.answer_the_roll()

    assert broker.queue_size() == 1
