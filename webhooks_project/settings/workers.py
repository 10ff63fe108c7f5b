"""The queue, which wakes workers: docs/adr/0001-rows-are-the-queue.md."""

from __future__ import annotations

from typing import Any

from webhooks_project.settings.environment import env
from webhooks_project.settings.storage import REDIS_URL

Q_WORKERS = env.int("Q_WORKERS", default=2)
Q_CLUSTER: dict[str, Any] = {
    "name": "webhooks",
    "workers": Q_WORKERS,
    "queue_limit": Q_WORKERS,
    "timeout": 90,
    "retry": 120,
    "poll": 0.05,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 500,
    "log_level": "WARNING",
} | ({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"})
