"""What one publication to many webhooks costs the database; a process of its own.

``python -m tests.bench.fan_out <company code> <times>`` writes the milliseconds of each
to standard output: of its statements, and of the commit.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import django


class Stopwatch:
    """Takes the time of each statement."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.statements = 0

    def __call__(self, execute: Any, *statement: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*statement)
        finally:
            self.seconds += time.perf_counter() - started
            self.statements += 1


def main(code: str, times: int) -> None:
    from deliveries.facts import Fact
    from subscriptions.models import Subsidiary

    subsidiary = Subsidiary.objects.select_related("tenant").get(
        tenant__company_code=code, code="S0"
    )
    fact = Fact(
        tenant=subsidiary.tenant,
        subsidiary=subsidiary,
        type="tender.created",
        data={"tenderId": "T-1"},
        entity_id="T-1",
    )
    sys.stdout.write(json.dumps([_milliseconds(fact) for _ in range(times)]))


def _milliseconds(fact: Any) -> float:
    from django.db import connection, transaction

    from deliveries.publishing import publish_batch

    stopwatch, committed = Stopwatch(), []
    with connection.execute_wrapper(stopwatch), transaction.atomic():
        # The first to be called after the commit, before the bell.
        transaction.on_commit(lambda: committed.append(time.perf_counter()))
        publish_batch([fact])
        database, done = stopwatch.seconds, time.perf_counter()
    return (database + committed[0] - done) * 1000


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1], int(sys.argv[2]))
