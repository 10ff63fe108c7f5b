"""What was sent and not acknowledged, where a webhook is stopped for its age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef

from deliveries.engine import turnstile
from deliveries.engine.judging import stop
from deliveries.models import Delivery
from deliveries.policy.disabling import Disabling
from deliveries.statements import ask_each, execute, table
from subscriptions.models import Webhook
from subscriptions.profiles import all_profiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from deliveries.conf import Conf
    from deliveries.engine.verdicts import Verdict
    from deliveries.policy.disabling import Streak

# An event may have been sent again beside its first delivery: whichever arrives, both
# are acknowledged.
_ACKNOWLEDGE = """
UPDATE deliveries_delivery AS delivery SET unacknowledged_since = NULL
FROM {} AS known
WHERE delivery.webhook_id = known.column1 AND delivery.event_id = known.column2
AND delivery.unacknowledged_since IS NOT NULL
"""
_OVERDUE = """
SELECT webhook_id FROM deliveries_delivery
WHERE unacknowledged_since IS NOT NULL AND webhook_id = {}
AND unacknowledged_since <= {} LIMIT 1
"""


def acknowledge(moved: Iterable[Verdict]) -> None:
    """Note which events have arrived. Costs nothing where no rule asks for it."""
    events = {
        (each.claimed.webhook_id, each.claimed.event_id)
        for each in moved
        if each.has_succeeded and _is_noted(each)
    }
    if events:
        values, parameters = table(sorted(events), "bigint", "bigint")
        execute(_ACKNOWLEDGE.format(values), parameters)


def stop_overdue_among(moved: Sequence[Verdict], streaks: dict[int, Streak]) -> None:
    """Stop those whose oldest event is too old by now. Behind their turnstile."""
    latest: dict[int, Verdict] = {}
    for verdict in sorted(moved, key=lambda verdict: verdict.sent.ended_at):
        if verdict.has_failed and _is_noted(verdict):
            latest[verdict.claimed.webhook_id] = verdict
    questions = [
        (pk, verdict.sent.ended_at - verdict.rules.patience)
        for pk, verdict in latest.items()
        if verdict.rules.patience
    ]
    if not questions:
        return
    for (pk,) in ask_each(_OVERDUE, questions, "bigint", "timestamptz"):
        _stop(pk, failures=streaks[pk].length, now=latest[pk].sent.ended_at)


def stop_overdue(conf: Conf, *, now: datetime) -> int:
    """Stop those to which nothing was attempted of late, too; returns how many."""
    return sum(
        _stop_if_overdue(webhook_id, limit=now - patience, now=now)
        for profile in all_profiles()
        if (patience := conf.rules(profile.name).patience)
        for webhook_id in _overdue(profile.name, limit=now - patience)
    )


def _overdue(profile: str, *, limit: datetime) -> list[int]:
    old = Delivery.objects.filter(
        webhook=OuterRef("pk"),
        unacknowledged_since__isnull=False,
        unacknowledged_since__lte=limit,
    )
    found = Webhook.objects.active().filter(Exists(old), profile=profile)
    return list(found.order_by("pk").values_list("pk", flat=True))


@transaction.atomic(durable=True)
def _stop_if_overdue(webhook_id: int, *, limit: datetime, now: datetime) -> bool:
    streaks = turnstile.hold([webhook_id])
    # Meanwhile it may have arrived.
    if not ask_each(_OVERDUE, [(webhook_id, limit)], "bigint", "timestamptz"):
        return False
    return _stop(webhook_id, failures=streaks[webhook_id].length, now=now)


def _stop(webhook_id: int, *, failures: int, now: datetime) -> bool:
    return stop(webhook_id, Disabling.NOT_ACKNOWLEDGED, failures=failures, now=now)


def _is_noted(verdict: Verdict) -> bool:
    return verdict.rules.patience is not None and not verdict.claimed.is_test
