"""Buckets are atomic over threads and processes, in the database and in Redis."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.models import F

from subscriptions.buckets import InDatabase, InRedis, buckets, purge_full_buckets
from subscriptions.models import RateBucket
from subscriptions.rate_limits import Rate

SLOW = Rate(0.01, burst=5)


def take(key="key", rate=SLOW, cost=1):
    return InDatabase().take(key, rate, cost=cost)


def let_pass(seconds):
    RateBucket.objects.update(full_at=F("full_at") - seconds)


@pytest.mark.django_db
def test_a_burst_passes_and_not_one_more():
    verdicts = [take() for _ in range(7)]

    assert [verdict.remaining for verdict in verdicts] == [4, 3, 2, 1, 0, 0, 0]
    assert [verdict.retry_after is None for verdict in verdicts] == [True] * 5 + [
        False
    ] * 2
    assert verdicts[-1].retry_after == pytest.approx(100, abs=1)


@pytest.mark.django_db
def test_what_is_used_comes_back_with_time():
    for _ in range(5):
        take()
    let_pass(201)

    assert [take().retry_after is None for _ in range(3)] == [True, True, False]


@pytest.mark.django_db
def test_each_key_has_a_bucket_of_its_own():
    for _ in range(6):
        take("one")

    assert take("another").remaining == 4


@pytest.mark.django_db
def test_what_costs_more_than_a_burst_waits_for_a_full_bucket():
    assert take(cost=8).retry_after is None

    assert take(cost=1).retry_after == pytest.approx(400, abs=1)
    let_pass(801)
    assert take(cost=8).retry_after is None


@pytest.mark.django_db
def test_what_was_given_back_can_be_taken_again():
    for _ in range(5):
        take()
    InDatabase().give_back("key", SLOW, cost=1)

    assert [take().retry_after is None for _ in range(2)] == [True, False]


@pytest.mark.django_db
def test_buckets_that_are_long_full_are_purged():
    take("old", cost=1)
    let_pass(2 * 86_400)
    take("new", cost=1)

    assert purge_full_buckets(limit=10) == 1
    assert list(RateBucket.objects.values_list("key", flat=True)) == ["new"]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_many_at_once_take_exactly_a_burst():
    rate = Rate(0.01, burst=50)

    def ask(_):
        try:
            return take(rate=rate).retry_after is None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        passes = list(pool.map(ask, range(120)))

    assert sum(passes) == 50


@pytest.mark.redis_broker
def test_redis_counts_the_same():
    in_redis, key = buckets(), f"test:{id(object())}"

    verdicts = [in_redis.take(key, SLOW, cost=1) for _ in range(7)]
    in_redis.give_back(key, SLOW, cost=1)

    assert isinstance(in_redis, InRedis)
    assert [verdict.remaining for verdict in verdicts] == [4, 3, 2, 1, 0, 0, 0]
    assert verdicts[-1].retry_after == pytest.approx(100, abs=1)
    assert in_redis.take(key, SLOW, cost=1).retry_after is None
    assert in_redis.take(key, SLOW, cost=1).retry_after is not None


def test_a_redis_that_is_away_refuses_nobody(caplog):
    away = InRedis("redis://127.0.0.1:1/0")

    assert away.take("key", SLOW, cost=1).retry_after is None
    away.give_back("key", SLOW, cost=1)

    assert caplog.messages == ["rate.unlimited", "rate.unlimited"]


@pytest.mark.skipif(bool(django_settings.REDIS_URL), reason="Redis keeps them")
def test_without_redis_the_database_keeps_them():
    assert isinstance(buckets(), InDatabase)
