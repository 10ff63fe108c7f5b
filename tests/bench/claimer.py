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

django.setup()

from deliveries.conf import get_conf  # noqa: E402 (models come after the setup)
from deliveries.engine.backlog import busy_webhooks, in_turn  # noqa: E402
from deliveries.engine.claiming import Limits, claim  # noqa: E402
from deliveries.engine.delivering import Sent, deliver, prepare  # noqa: E402
from deliveries.engine.lanes import RUN  # noqa: E402
from deliveries.engine.recording import record  # noqa: E402
from deliveries.policy.pacing import WIDEST  # noqa: E402
from deliveries.tokens import Tokens  # noqa: E402
from tests.bench.operations import ok  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from deliveries.engine.leases import Claimed

SERVED_AT_ONCE = 4
NOW = timezone.now


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


class Claimer:
    def __init__(self) -> None:
        self.cost = Cost()
        conf = get_conf()
        self._limits = Limits(lambda _: WIDEST, lambda _: RUN, conf.lease)
        self._rules_of = conf.rules
        self._send = partial(deliver, send=ok, style=conf.style, clock=timezone.now)
        self._last = 0

    def work(self) -> None:
        """Until nothing is left."""
        while (claimed := self._claim()) is not None:
            if claimed:
                self._record(
                    [
                        self._send(each)
                        for each in prepare(
                            claimed, rules_of=self._rules_of, tokens=Tokens(), now=NOW()
                        )
                    ]
                )
            else:
                # Others hold all that is due: they have recorded it in a moment.
                time.sleep(0.005)

    def _claim(self) -> list[Claimed] | None:
        started = time.perf_counter()
        with connection.execute_wrapper(self.cost.count):
            # As a drain does: a few in turn, who was served last comes last.
            now = NOW()
            busy = in_turn(busy_webhooks(), after=self._last)
            due = [each for each in busy if each.is_due(now)]
            claimed = claim(due[:SERVED_AT_ONCE], limits=self._limits, now=now)
        self.cost.claiming += time.perf_counter() - started
        self.cost.claims += 1
        self.cost.in_vain += not claimed
        self.cost.rows += len(claimed)
        self.cost.claimed += [(each.delivery_id, each.sequence) for each in claimed]
        self._last = claimed[-1].webhook_id if claimed else self._last
        return claimed if busy else None

    def _record(self, sent: list[Sent]) -> None:
        started = time.perf_counter()
        record(sent, now=NOW())
        self.cost.recording += time.perf_counter() - started


def main() -> None:
    connection.ensure_connection()
    # All begin at the same moment.
    sys.stdin.readline()
    claimer, started = Claimer(), time.process_time()
    claimer.work()
    claimer.cost.processor = time.process_time() - started
    sys.stdout.write(json.dumps(asdict(claimer.cost)))


if __name__ == "__main__":
    main()
