"""One worker without a network: look, claim, record as fast as the database lets it.

``python -m tests.bench.claimer`` works until nothing is left, then
prints what that cost as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import django
from django.db import connection
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Callable

CLAIMED_AT_ONCE = 32


@dataclass
class Cost:
    """*claiming*: seconds in looking and claiming; *statements* were for that alone."""

    rows: int = 0
    claims: int = 0
    in_vain: int = 0
    statements: int = 0
    claiming: float = 0
    recording: float = 0
    processor: float = 0
    claimed: list[tuple[int, int]] = field(default_factory=list)

    def count(self, execute: Callable[..., Any], *statement: Any) -> Any:
        self.statements += 1
        return execute(*statement)


def work(cost: Cost) -> None:
    from deliveries.conf import get_conf
    from deliveries.engine.backlog import busy_webhooks
    from deliveries.engine.claiming import Limits, claim
    from deliveries.engine.delivering import deliver, prepare
    from deliveries.engine.recording import Rules, record
    from deliveries.policy.retry import RetryPolicy
    from tests.bench.operations import ok

    conf = get_conf()
    limits = Limits(CLAIMED_AT_ONCE, conf.in_flight_per_webhook, conf.lease)
    rules = Rules(RetryPolicy(conf.retry_delays), conf.auto_disable_after)
    send = partial(deliver, send=ok, style=conf.style, clock=timezone.now)
    last = 0
    while True:
        started = time.perf_counter()
        with connection.execute_wrapper(cost.count):
            busy = busy_webhooks()
            # As a drain does: who was served last is last in the next round.
            busy.sort(key=lambda each, last=last: each.webhook_id <= last)
            claimed = claim(busy, limits=limits, now=timezone.now()) if busy else []
        cost.claiming += time.perf_counter() - started
        cost.claims += 1
        if not busy:
            return
        if not claimed:
            # Others hold all that is due: they will have recorded it in a moment.
            cost.in_vain += 1
            time.sleep(0.005)
            continue
        last = claimed[-1].webhook_id
        cost.rows += len(claimed)
        cost.claimed += [(each.delivery_id, each.sequence) for each in claimed]
        sent = [send(each) for each in prepare(claimed, now=timezone.now())]
        started = time.perf_counter()
        record(sent, rules=rules, now=timezone.now())
        cost.recording += time.perf_counter() - started


def main() -> None:
    django.setup()
    connection.ensure_connection()
    # All begin at the same moment.
    sys.stdin.readline()
    cost, started = Cost(), time.process_time()
    work(cost)
    cost.processor = time.process_time() - started
    sys.stdout.write(json.dumps(asdict(cost)))


if __name__ == "__main__":
    main()
