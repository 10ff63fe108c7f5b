"""Write down what happened: attempts always, transitions only while the lease is ours."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction

from deliveries import alerts
from deliveries.engine import turnstile
from deliveries.engine.attempt_rows import insert_attempts
from deliveries.engine.counting import count_rows
from deliveries.engine.ordering import promote_who_waited
from deliveries.engine.steps import Step, reach
from deliveries.models import Delivery
from deliveries.policy.disabling import reason_to_disable
from deliveries.policy.egress import PAUSE
from deliveries.policy.outcomes import Outcome, classify
from deliveries.policy.retry import RetryPolicy, retry_after
from deliveries.statements import execute, table
from subscriptions.identifiers import encode
from subscriptions.webhooks import disable_webhook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from deliveries.engine.delivering import Sent

State = Delivery.State

# "state + 0": see claiming.
_MOVE = """
UPDATE deliveries_delivery AS delivery
SET state = verdict.column3, due_at = verdict.column4, ended_at = verdict.column5,
    is_leased = %s, attempts_made = attempts_made + verdict.column6
FROM {} AS verdict
WHERE delivery.id = verdict.column1 AND delivery.claim_number = verdict.column2
AND delivery.state + 0 = 0 AND delivery.is_leased
RETURNING id
"""

_UPDATE_HEALTH = """
UPDATE deliveries_webhookhealth AS health
SET consecutive_failures = seen.column2, last_attempt_at = seen.column3
FROM {} AS seen WHERE health.webhook_id = seen.column1
"""

logger = logging.getLogger(__name__)


class Rules(NamedTuple):
    """What the settings say about failing."""

    retries: RetryPolicy
    auto_disable_after: int


class Verdict(NamedTuple):
    """What an attempt means for its delivery."""

    sent: Sent
    outcome: Outcome
    state: State
    due_at: datetime | None

    @property
    def has_ended(self) -> bool:
        return self.state != State.PENDING

    @property
    def charge(self) -> int:
        """What it adds to the attempts that were made."""
        return 0 if self.outcome is Outcome.EXCUSED else 1

    @property
    def ended_at(self) -> datetime | None:
        return self.sent.ended_at if self.has_ended else None


def record(batch: Sequence[Sent], *, rules: Rules, now: datetime) -> None:
    """Record *batch* in one transaction of its own."""
    if not batch:
        return
    verdicts = [_verdict(sent, rules.retries) for sent in batch]
    with transaction.atomic(durable=True):
        failures = turnstile.hold({sent.claimed.webhook_id for sent in batch})
        count_rows(insert_attempts(batch))
        moved = _move(verdicts)
        promote_who_waited(
            (each.sent.claimed.entity for each in moved if each.has_ended), now=now
        )
        _judge_webhooks(moved, failures, rules=rules)
        reach(Step.BEFORE_COMMIT)
    reach(Step.AFTER_RECORD)
    _report(verdicts, {verdict.sent.claimed.delivery_id for verdict in moved})


def _verdict(sent: Sent, retries: RetryPolicy) -> Verdict:
    outcome = classify(sent.exchange.reply)
    if outcome is Outcome.DELIVERED:
        return Verdict(sent, outcome, State.SUCCEEDED, None)
    if outcome is Outcome.EXCUSED:
        return Verdict(sent, outcome, State.PENDING, sent.ended_at + PAUSE)
    delay = None
    if outcome is Outcome.FAILED and not sent.claimed.is_test:
        wish = retry_after(sent.exchange.reply, now=sent.ended_at)
        delay = retries.delay_after(attempt_number=sent.claimed.number, wish=wish)
    if delay is None:
        return Verdict(sent, outcome, State.FAILED, None)
    return Verdict(sent, outcome, State.PENDING, sent.ended_at + delay)


def _move(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Move the deliveries whose lease is still ours; return those that moved."""
    rows = [
        (
            verdict.sent.claimed.delivery_id,
            verdict.sent.claimed.sequence,
            int(verdict.state),
            verdict.due_at,
            verdict.ended_at,
            verdict.charge,
        )
        for verdict in verdicts
    ]
    types = ("bigint", "integer", "smallint", "timestamptz", "timestamptz", "smallint")
    values, parameters = table(rows, *types)
    moved = {row[0] for row in execute(_MOVE.format(values), [False, *parameters])}
    return [each for each in verdicts if each.sent.claimed.delivery_id in moved]


def _judge_webhooks(
    moved: Sequence[Verdict], failures: dict[int, int], *, rules: Rules
) -> None:
    """Count failures in a row, and disable the webhooks that have had enough."""
    seen: dict[int, tuple[int, int, datetime]] = {}
    for verdict in sorted(moved, key=lambda verdict: verdict.sent.ended_at):
        webhook_id = verdict.sent.claimed.webhook_id
        if not verdict.sent.claimed.is_test:
            before = failures[webhook_id]
            failures[webhook_id] = _count(verdict, before)
            if not before and failures[webhook_id]:
                alerts.first_event_failed(webhook_id, now=verdict.sent.ended_at)
            _disable_if_hopeless(verdict, failures[webhook_id], rules=rules)
        seen[webhook_id] = (webhook_id, failures[webhook_id], verdict.sent.started_at)
    if seen:
        values, parameters = table(
            list(seen.values()), "bigint", "integer", "timestamptz"
        )
        execute(_UPDATE_HEALTH.format(values), parameters)


def _count(verdict: Verdict, failures: int) -> int:
    if verdict.state == State.SUCCEEDED:
        return 0
    # A replay failed once before: a recovery that comes too early must not disable what
    # takes new events, nor count one event twice. That it succeeds is news of today.
    has_failed = verdict.state == State.FAILED and not verdict.sent.claimed.is_replay
    return failures + has_failed


def _disable_if_hopeless(verdict: Verdict, failures: int, *, rules: Rules) -> None:
    reason = reason_to_disable(
        verdict.outcome, consecutive_failures=failures, limit=rules.auto_disable_after
    )
    if reason is None or verdict.state != State.FAILED:
        return
    webhook_id, now = verdict.sent.claimed.webhook_id, verdict.sent.ended_at
    if disable_webhook(webhook_id, reason=reason, now=now):
        alerts.webhook_was_disabled(webhook_id, consecutive_failures=failures, now=now)


def _report(verdicts: Iterable[Verdict], moved: set[int]) -> None:
    for verdict in verdicts:
        sent = verdict.sent
        fields = {
            "delivery": encode("dlv", sent.claimed.uid),
            "event": sent.message.event_id,
            "trace": sent.request.headers["traceparent"].split("-")[1],
            "number": sent.claimed.number,
            "outcome": verdict.outcome.name.lower(),
            "status_code": getattr(sent.exchange.reply, "status_code", None),
            "error_kind": getattr(sent.exchange.reply, "kind", None),
            "duration_ms": sent.exchange.timing.total_ms,
            "next_attempt_at": verdict.due_at,
        }
        if sent.claimed.delivery_id in moved:
            logger.info("delivery.attempted", extra=fields)
        else:
            logger.warning("delivery.overslept", extra=fields)
