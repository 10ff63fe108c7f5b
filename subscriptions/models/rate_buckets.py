"""How full the buckets of the rate limits are, where no Redis keeps them."""

from __future__ import annotations

from django.db import models


class RateBucket(models.Model):
    """*full_at*: the moment at which it is full again, in seconds since 1970.

    On PostgreSQL the table is unlogged: taking waits for no disk, and after a crash
    every bucket is full. Without an index on *full_at* its updates stay in place.
    """

    key = models.CharField(primary_key=True, max_length=100)
    full_at = models.FloatField()

    def __str__(self) -> str:
        return self.key
