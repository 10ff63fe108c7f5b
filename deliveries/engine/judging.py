"""What attempts mean for their webhooks: counts, and the end of patience."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliveries import alerts
from deliveries.engine.steps import Step, reach
from deliveries.models import Delivery
from deliveries.operational import publish_failing
from deliveries.policy.disabling import Streak, lengthened, reason_to_disable
from deliveries.policy.outcomes import Outcome
from deliveries.statements import execute, table
from subscriptions.catalogue import is_operational
from subscriptions.webhooks import disable_webhook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from deliveries.engine.verdicts import Verdict

_UPDATE_HEALTH = """
UPDATE deliveries_webhookhealth AS health
SET consecutive_failures = seen.column2, failed_at = seen.column3,
    last_attempt_at = seen.column4,
    last_success_at = COALESCE(seen.column5, health.last_success_at),
    last_failure_at = COALESCE(seen.column6, health.last_failure_at)
FROM {} AS seen WHERE health.webhook_id = seen.column1
"""
_TYPES = ("bigint", "integer", "jsonb", *["timestamptz"] * 3)


def judge_webhooks(moved: Iterable[Verdict], streaks: dict[int, Streak]) -> None:
    """Count what *moved* means, and disable the webhooks that have had enough.

    *streaks* are those of before. Behind the webhooks' turnstile.
    """
    seen: dict[int, list[Verdict]] = {}
    began: dict[int, datetime] = {}
    for verdict in sorted(moved, key=lambda verdict: verdict.sent.ended_at):
        webhook_id = verdict.claimed.webhook_id
        seen.setdefault(webhook_id, []).append(verdict)
        if not verdict.claimed.is_test:
            before = streaks[webhook_id]
            streaks[webhook_id] = _count(verdict, before)
            if before.length == 0 < streaks[webhook_id].length and _is_news(verdict):
                began[webhook_id] = verdict.sent.ended_at
                alerts.first_event_failed(webhook_id, now=verdict.sent.ended_at)
    if seen:
        rows = [_row(pk, streaks[pk], verdicts) for pk, verdicts in seen.items()]
        values, parameters = table(rows, *_TYPES)
        execute(_UPDATE_HEALTH.format(values), parameters)
    if began:
        publish_failing(began)


def _is_news(verdict: Verdict) -> bool:
    """Else a chain of webhooks that watch each other would never end."""
    return not is_operational(verdict.sent.message.event_type)


def stop(
    webhook_id: int, reason: str, *, failures: int, now: datetime, cause: str = ""
) -> bool:
    """Disable it and say so. Behind its turnstile; False if it was disabled before.

    *cause*: the type of the event that was the last straw, if it was one.
    """
    reach(Step.BEFORE_STOP)
    is_stopped = disable_webhook(webhook_id, reason=reason, now=now)
    if is_stopped:
        alerts.webhook_was_disabled(
            webhook_id, consecutive_failures=failures, now=now, cause=cause
        )
    reach(Step.AFTER_STOP)
    return is_stopped


def _count(verdict: Verdict, streak: Streak) -> Streak:
    if verdict.has_succeeded:
        return Streak()
    if not verdict.has_failed:
        return streak
    new = streak
    # A replay failed once before: a recovery that comes too early must not disable what
    # takes new events, nor count one event twice. That it succeeds is news of today.
    if not verdict.claimed.is_replay:
        new = lengthened(
            streak,
            verdict.rules.stop_rule,
            at=verdict.sent.ended_at,
            has_ended=verdict.state == Delivery.State.FAILED,
        )
    if new != streak or verdict.outcome is Outcome.GONE:
        _disable_if_hopeless(verdict, new)
    return new


def _disable_if_hopeless(verdict: Verdict, streak: Streak) -> None:
    reason = reason_to_disable(verdict.outcome, streak, verdict.rules.stop_rule)
    if reason is not None:
        webhook_id, now = verdict.claimed.webhook_id, verdict.sent.ended_at
        cause = verdict.sent.message.event_type
        stop(webhook_id, reason, failures=streak.length, now=now, cause=cause)


def _row(
    webhook_id: int, streak: Streak, verdicts: Sequence[Verdict]
) -> tuple[Any, ...]:
    counted = [each for each in verdicts if not each.claimed.is_test]
    return (
        webhook_id,
        streak.length,
        list(streak.ends),
        verdicts[-1].sent.started_at,
        _latest(each for each in counted if each.has_succeeded),
        _latest(each for each in counted if each.has_failed),
    )


def _latest(verdicts: Iterable[Verdict]) -> datetime | None:
    return max((each.sent.ended_at for each in verdicts), default=None)
