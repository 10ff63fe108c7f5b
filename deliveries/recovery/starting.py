"""Begin a recovery, and end it before its time."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from deliveries.models import Recovery
from deliveries.models.recoveries import STATES
from deliveries.queue import RECOVER, run_later
from deliveries.recovery.matching import count_matching
from deliveries.recovery.progress import Standing, report_on
from deliveries.replays import refuse_inactive
from deliveries.statements import execute
from subscriptions.audit import About, Action, record
from subscriptions.origins import SYSTEM, Origin
from subscriptions.refusals import Refusal, sentence
from subscriptions.revisions import locked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from subscriptions.models import Webhook


ON_REQUEST = "It was cancelled on request."

# Never attempted: no trace of them is in the log.
_WITHDRAW = """
DELETE FROM deliveries_delivery
WHERE recovery_id = %s AND state = 0 AND claim_number = 0 AND NOT is_leased
RETURNING id
"""

logger = logging.getLogger(__name__)


class RecoveryIsRunning(Refusal):
    def __init__(self, recovery: Recovery) -> None:
        told = sentence("The recovery {id} of this webhook is still running.")
        super().__init__(told, id=recovery.public_id)


class RecoveryHasEnded(Refusal):
    def __init__(self) -> None:
        told = sentence("The recovery has ended: there is nothing to cancel.")
        super().__init__(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to send again: by when it was published, both ends included.

    *leeway* moves the end past now, for what is published until the recovery stands.
    """

    since: datetime
    until: datetime | None = None
    leeway: timedelta = timedelta()
    statuses: Sequence[str] = tuple(STATES)
    event_types: Sequence[str] = ()
    include_missed: bool = False


def count_matches(webhook: Webhook, order: Order, *, now: datetime) -> int:
    """How many events a recovery would send again that began now."""
    return count_matching(_recovery(webhook, order, now=now))


@transaction.atomic
def start_recovery(
    webhook: Webhook,
    order: Order,
    *,
    created_by: str,
    now: datetime,
    origin: Origin = SYSTEM,
) -> Recovery:
    """Have workers send again what matches. Raises NotActive and RecoveryIsRunning."""
    # The lock lets in one of two who ask at once.
    webhook = locked(webhook)
    refuse_inactive(webhook)
    make_room(webhook)
    recovery = _recovery(webhook, order, now=now)
    recovery.created_by = created_by
    recovery.matched = count_matching(recovery)
    recovery.save()
    transaction.on_commit(partial(run_later, RECOVER))
    _write_down(Action.RECOVERY_STARTED, recovery, origin)
    fields = {
        "recovery": recovery.public_id,
        "webhook": webhook.public_id,
        "matched": recovery.matched,
        "client": created_by,
    }
    logger.info("recovery.started", extra=fields)
    return recovery


@transaction.atomic
def cancel_recovery(
    recovery: Recovery, *, now: datetime, origin: Origin = SYSTEM
) -> None:
    """Send nothing more, but for what was attempted already; again changes nothing.

    Raises RecoveryHasEnded.
    """
    if report_on(recovery).standing.status == Recovery.Status.COMPLETED:
        raise RecoveryHasEnded
    cancelled = Standing(Recovery.Status.CANCELLED, ON_REQUEST, now)
    if end_recovery(recovery, cancelled):
        _write_down(Action.RECOVERY_CANCELLED, recovery, origin)


def _write_down(action: Action, recovery: Recovery, origin: Origin) -> None:
    webhook = recovery.webhook
    about = About("recovery", recovery.public_id, webhook.name)
    record(action, origin=origin, about=about, tenant_id=webhook.tenant_id)


def end_recovery(recovery: Recovery, standing: Standing) -> bool:
    """Say how it ended, once; what it has queued and not begun is withdrawn.

    False when it had ended before.
    """
    running = Recovery.objects.running().filter(pk=recovery.pk)
    status, reason, ended_at = standing
    if not running.update(status=status, reason=reason, ended_at=ended_at):
        return False
    withdrawn = len(execute(_WITHDRAW, [recovery.pk]))
    mine = Recovery.objects.filter(pk=recovery.pk)
    mine.update(queued=F("queued") - withdrawn)
    fields = {"recovery": recovery.public_id, "status": status, "withdrawn": withdrawn}
    logger.info("recovery.ended", extra=fields)
    return True


def make_room(webhook: Webhook) -> None:
    """Only one runs at a time; one that has ended and was not told so yet is told."""
    running = Recovery.objects.running().select_related("webhook")
    for recovery in running.filter(webhook=webhook):
        standing = report_on(recovery).standing
        if standing.status == Recovery.Status.RUNNING:
            raise RecoveryIsRunning(recovery)
        end_recovery(recovery, standing)


def _recovery(webhook: Webhook, order: Order, *, now: datetime) -> Recovery:
    return Recovery(
        webhook=webhook,
        since=order.since,
        # What it sends itself comes later, and is none of its business.
        until=min(order.until or now, now) + order.leeway,
        states=[STATES[status] for status in order.statuses],
        event_types=list(order.event_types),
        include_missed=order.include_missed,
        position_at=order.since,
        next_due_at=now,
        created_at=now,
    )
