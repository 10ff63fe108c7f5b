"""Take from the buckets of the rate limits: atomic over all processes and nodes.

They are kept in Redis where there is one, else in the database: one statement each.
"""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.db import connection
from redis import Redis
from redis.exceptions import RedisError

from subscriptions.models import RateBucket
from subscriptions.rate_limits import Rate, Verdict, passed, refused

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

NOW = {
    "postgresql": "extract(epoch FROM statement_timestamp())::float8",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}
GREATEST = {"postgresql": "greatest", "sqlite": "max"}
# The row is written, and returned, only where the bucket holds enough.
TAKE = """
INSERT INTO subscriptions_ratebucket AS bucket (key, full_at)
VALUES (%(key)s, {now} + %(takes)s)
ON CONFLICT (key) DO UPDATE SET full_at = {greatest}(bucket.full_at, {now}) + %(takes)s
WHERE {greatest}(bucket.full_at, {now}) + %(takes)s <= {now} + %(deepest)s
RETURNING full_at - {now}
"""
DEPTH = """
SELECT {greatest}(full_at - {now}, 0) FROM subscriptions_ratebucket WHERE key = %(key)s
"""
GIVE_BACK = """
UPDATE subscriptions_ratebucket SET full_at = full_at - %(takes)s WHERE key = %(key)s
"""
# Returns whether it passes, and how deep the bucket then is, in seconds.
TAKE_IN_REDIS = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local takes, deepest = tonumber(ARGV[1]), tonumber(ARGV[2])
if full_at + takes > now + deepest then
  return {0, tostring(full_at - now)}
end
full_at = full_at + takes
local kept = math.ceil((full_at - now) * 1000) + 1
redis.call('SET', KEYS[1], string.format('%.6f', full_at), 'PX', kept)
return {1, tostring(full_at - now)}
"""
GIVE_BACK_IN_REDIS = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('INCRBYFLOAT', KEYS[1], '-' .. ARGV[1])
end
"""
PREFIX = "webhooks:rate:"


class Buckets(Protocol):
    """*key* names a bucket, of at most 100 characters."""

    def take(self, key: str, rate: Rate, *, cost: int) -> Verdict: ...

    def give_back(self, key: str, rate: Rate, *, cost: int) -> None: ...


class InDatabase:
    def take(self, key: str, rate: Rate, *, cost: int) -> Verdict:
        values = {"key": key, "takes": cost * rate.seconds_each}
        row = self._run(TAKE, values | {"deepest": rate.deepest(cost)})
        if row is not None:
            return passed(rate, depth=row[0])
        row = self._run(DEPTH, values)
        return refused(rate, cost=cost, depth=row[0] if row else 0.0)

    def give_back(self, key: str, rate: Rate, *, cost: int) -> None:
        self._run(GIVE_BACK, {"key": key, "takes": cost * rate.seconds_each})

    def _run(self, sql: str, values: dict[str, Any]) -> tuple[float] | None:
        vendor = connection.vendor
        with connection.cursor() as cursor:
            cursor.execute(
                sql.format(now=NOW[vendor], greatest=GREATEST[vendor]), values
            )
            row: tuple[float] | None = cursor.fetchone() if cursor.description else None
        return row


class InRedis:
    """A Redis that is away refuses nobody: limits are a courtesy, delivery is not."""

    def __init__(self, url: str) -> None:
        redis = Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
        self._take: Callable[..., Any] = redis.register_script(TAKE_IN_REDIS)
        self._give_back: Callable[..., Any] = redis.register_script(GIVE_BACK_IN_REDIS)

    def take(self, key: str, rate: Rate, *, cost: int) -> Verdict:
        arguments = [cost * rate.seconds_each, rate.deepest(cost)]
        try:
            passes, depth = self._take(keys=[PREFIX + key], args=arguments)
        except RedisError as error:
            logger.warning("rate.unlimited", extra={"reason": type(error).__name__})
            return passed(rate, depth=0.0)
        if passes:
            return passed(rate, depth=float(depth))
        return refused(rate, cost=cost, depth=float(depth))

    def give_back(self, key: str, rate: Rate, *, cost: int) -> None:
        try:
            self._give_back(keys=[PREFIX + key], args=[f"{cost * rate.seconds_each:f}"])
        except RedisError as error:
            logger.warning("rate.unlimited", extra={"reason": type(error).__name__})


def buckets() -> Buckets:
    if settings.REDIS_URL:
        return _in_redis(settings.REDIS_URL, os.getpid())
    return InDatabase()


@lru_cache(maxsize=1)
def _in_redis(url: str, pid: int) -> Buckets:
    # One connection pool for each process; a fork must not share its parent's.
    return InRedis(url)


def purge_full_buckets(*, limit: int) -> int:
    """Delete up to *limit* buckets that have been full for a day; how many."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {NOW[connection.vendor]}")
        day_ago = cursor.fetchone()[0] - 86_400
    old = RateBucket.objects.filter(full_at__lt=day_ago).order_by("full_at")
    keys = list(old.values_list("key", flat=True)[:limit])
    # Asked again: one of them may have been taken from since.
    deleted, _ = RateBucket.objects.filter(key__in=keys, full_at__lt=day_ago).delete()
    return deleted
