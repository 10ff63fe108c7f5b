"""How far a recovery has come, counted from its deliveries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Count, Max

from deliveries.models import Delivery, Recovery

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

State = Delivery.State

STOPPED = "The webhook was disabled or deleted."


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What became of the deliveries that were queued."""

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    unfinished: int = 0
    last_ended_at: datetime | None = None


class Standing(NamedTuple):
    """What may be said of a recovery before its row says it."""

    status: str
    reason: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    recovery: Recovery
    progress: Progress
    standing: Standing


def report_on(recovery: Recovery) -> Report:
    return reports_on([recovery])[0]


def reports_on(recoveries: Iterable[Recovery]) -> list[Report]:
    """One query, however many they are. Their webhooks are loaded."""
    asked = list(recoveries)
    counted = progress_of(asked)
    return [
        Report(each, counted[each.pk], standing(each, counted[each.pk]))
        for each in asked
    ]


def progress_of(recoveries: Iterable[Recovery]) -> dict[int, Progress]:
    rows = (
        Delivery.objects.filter(recovery__in=[each.pk for each in recoveries])
        .order_by()
        .values_list("recovery", "state")
        .annotate(Count("pk"), Max("ended_at"))
    )
    counts: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    latest: dict[int, datetime] = {}
    for pk, state, count, ended_at in rows:
        counts[pk][state] = count
        if ended_at:
            latest[pk] = max(ended_at, latest.get(pk, ended_at))
    return {
        each.pk: Progress(
            succeeded=counts[each.pk][State.SUCCEEDED],
            failed=counts[each.pk][State.FAILED],
            skipped=counts[each.pk][State.SKIPPED],
            unfinished=sum(counts[each.pk][state] for state in Delivery.UNFINISHED),
            last_ended_at=latest.get(each.pk),
        )
        for each in recoveries
    }


def standing(recovery: Recovery, progress: Progress) -> Standing:
    """What *recovery* has come to, whether or not a worker has written that down."""
    written = Standing(recovery.status, recovery.reason, recovery.ended_at)
    if recovery.status != Recovery.Status.RUNNING:
        return written
    if recovery.stage == Recovery.Stage.SENDING and not progress.unfinished:
        end = progress.last_ended_at or recovery.created_at
        # Nothing else skips them. It may be active again by now.
        if progress.skipped:
            return Standing(Recovery.Status.CANCELLED, STOPPED, end)
        return Standing(Recovery.Status.COMPLETED, "", end)
    # One of them stands there when a webhook is stopped.
    if stopped_at := recovery.webhook.deleted_at or recovery.webhook.disabled_at:
        return Standing(Recovery.Status.CANCELLED, STOPPED, stopped_at)
    return written
