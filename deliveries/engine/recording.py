"""Write down what happened: attempts always, transitions only while the lease is ours."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction

from deliveries.engine import turnstile
from deliveries.engine.acknowledging import acknowledge, stop_overdue_among
from deliveries.engine.attempt_rows import insert_attempts
from deliveries.engine.counting import count_rows
from deliveries.engine.judging import judge_webhooks
from deliveries.engine.ordering import promote_who_waited
from deliveries.engine.steps import Step, reach
from deliveries.engine.verdicts import verdict_on
from deliveries.models import Delivery, Occurrence
from deliveries.spans import span
from deliveries.statements import execute, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from deliveries.engine.delivering import Sent
    from deliveries.engine.verdicts import Verdict

# "state + 0", "IS NOT FALSE": found by their ids, see candidates. What waits came later
# than what it waits for; said so, it is looked up row by row, however little statistics
# know of. Without an alias: SQLite would not know it where rows are returned.
_MOVE = """
UPDATE deliveries_delivery
SET state = verdict.column3, due_at = verdict.column4, ended_at = verdict.column5,
    is_leased = %s, attempts_made = attempts_made + verdict.column6,
    unacknowledged_since = CASE WHEN verdict.column3 = 2 THEN NULL
        ELSE COALESCE(unacknowledged_since, verdict.column7) END
FROM {} AS verdict
WHERE deliveries_delivery.id = verdict.column1
AND deliveries_delivery.claim_number = verdict.column2
AND deliveries_delivery.state + 0 = 0
AND deliveries_delivery.is_leased IS NOT FALSE
RETURNING id, order_key <> '' AND EXISTS (
    SELECT 1 FROM deliveries_delivery waiting
    WHERE waiting.webhook_id = deliveries_delivery.webhook_id
    AND waiting.order_key = deliveries_delivery.order_key
    AND waiting.id > deliveries_delivery.id
    AND waiting.state IN (0, 1) AND NOT (waiting.order_key = '')
    AND waiting.state = 1
)
"""
_TYPES = ("bigint", "integer", "smallint", *["timestamptz"] * 2)
_TYPES += ("smallint", "timestamptz")

GIVEN_UP = ("tenant", "webhook", "delivery", "event", "number", "error_kind")

logger = logging.getLogger(__name__)


def record(batch: Sequence[Sent], *, now: datetime) -> None:
    """Record *batch* in one transaction of its own."""
    if not batch:
        return
    verdicts = [verdict_on(sent) for sent in batch]
    with span("record", webhooks__count=len(batch)), transaction.atomic(durable=True):
        streaks = turnstile.hold({sent.claimed.webhook_id for sent in batch})
        count_rows(insert_attempts(batch))
        moved, awaited = _move(verdicts)
        overslept = len(verdicts) - len(moved)
        Occurrence.objects.note(Occurrence.Kind.OVERSLEPT, {"": overslept})
        promote_who_waited(
            (each.claimed.entity for each in awaited if each.has_ended), now=now
        )
        judge_webhooks(moved, streaks)
        acknowledge(moved)
        stop_overdue_among(moved, streaks)
        reach(Step.BEFORE_COMMIT)
    reach(Step.AFTER_RECORD)
    _report(verdicts, {verdict.claimed.delivery_id for verdict in moved})


def _move(verdicts: Sequence[Verdict]) -> tuple[list[Verdict], list[Verdict]]:
    """Move the deliveries whose lease is still ours.

    Returns those that moved, and those of them that others of their entity wait for.
    """
    rows = [
        (
            verdict.claimed.delivery_id,
            verdict.claimed.sequence,
            int(verdict.state),
            verdict.due_at,
            verdict.ended_at,
            verdict.charge,
            verdict.unacknowledged_since,
        )
        for verdict in verdicts
    ]
    values, parameters = table(rows, *_TYPES)
    found: dict[int, bool] = dict(execute(_MOVE.format(values), [False, *parameters]))
    moved = [each for each in verdicts if each.claimed.delivery_id in found]
    return moved, [each for each in moved if found[each.claimed.delivery_id]]


def _report(verdicts: Iterable[Verdict], moved: set[int]) -> None:
    for verdict in verdicts:
        sent = verdict.sent
        fields = {
            "tenant": sent.whose.tenant,
            "webhook": sent.whose.webhook,
            "delivery": sent.message.delivery_id,
            "event": sent.message.event_id,
            "trace": sent.request.headers["traceparent"].split("-")[1],
            "number": sent.claimed.number,
            "outcome": verdict.outcome.name.lower(),
            "status_code": getattr(sent.exchange.reply, "status_code", None),
            "error_kind": getattr(sent.exchange.reply, "kind", None),
            "duration_ms": sent.exchange.timing.total_ms,
            "next_attempt_at": verdict.due_at,
        }
        if sent.claimed.delivery_id not in moved:
            logger.warning("delivery.overslept", extra=fields)
            continue
        logger.info("delivery.attempted", extra=fields)
        if verdict.state == Delivery.State.FAILED:
            whose = {name: fields[name] for name in GIVEN_UP}
            logger.warning("delivery.given_up", extra=whose)
