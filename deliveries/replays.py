"""Send events again, because somebody asks: new deliveries beside the first."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from deliveries.models import Delivery, Event
from deliveries.queue import wake_workers
from deliveries.webhook_tests import refuse_too_many_tests
from subscriptions.audit import About, Action, about_webhook, changes_between, record
from subscriptions.identifiers import encode, new_uid
from subscriptions.origins import SYSTEM, Origin
from subscriptions.refusals import Refusal, sentence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from deliveries.logs import LogEntry
    from subscriptions.models import Webhook

# Of one act; more is what a recovery is for.
MOST = 1000
# Less than healing lets a delivery wait.
AHEAD = timedelta(minutes=4)
# So many are named in the audit log, of more it says how many.
NAMED = 50

logger = logging.getLogger(__name__)


class NotActive(Refusal):
    def __init__(self, webhook: Webhook) -> None:
        told = sentence(
            "The webhook is {status}: only to an Active one is anything sent again."
        )
        super().__init__(told, status=webhook.status)


class NotYetAttempted(Refusal):
    def __init__(self) -> None:
        told = sentence("This was not sent yet: its first attempt is still to come.")
        super().__init__(told)


class PayloadExpired(Refusal):
    def __init__(self) -> None:
        told = sentence("The event's payload has expired: it cannot be sent again.")
        super().__init__(told)


def refuse_inactive(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise NotActive(webhook)


@transaction.atomic
def replay(
    entry: LogEntry, *, now: datetime, origin: Origin = SYSTEM, uid: UUID | None = None
) -> Delivery:
    """Send what *entry* is about again, to the same webhook, whatever became of it.

    It waits for nothing of its entity, and nothing waits for it. A test stays a test.
    Under a *uid* that was used before it raises IntegrityError. Raises NotActive,
    NotYetAttempted, PayloadExpired and TooManyTests.
    """
    refuse_inactive(entry.webhook)
    if entry.attempt is None:
        raise NotYetAttempted
    first = entry.delivery
    _refuse_expired(first.event_id)
    if first.is_test:
        refuse_too_many_tests(entry.webhook, now=now)
    again = Delivery.objects.create(
        uid=uid or new_uid(),
        event=first.event,
        webhook=entry.webhook,
        is_test=first.is_test,
        is_replay=True,
        due_at=now,
        created_at=now,
    )
    transaction.on_commit(wake_workers)
    about = About("delivery", again.public_id, entry.webhook.name)
    tenant_id = entry.webhook.tenant_id
    record(Action.DELIVERY_REPLAYED, origin=origin, about=about, tenant_id=tenant_id)
    fields = {"delivery": again.public_id, "of": first.public_id, "by": origin.name}
    logger.info("delivery.replayed", extra=fields)
    return again


def most_at_once(rate: float) -> int:
    """How many `replay_events` takes at *rate* deliveries a second; 0: no limit.

    What is planned further ahead, healing takes for the work of a wrong clock.
    """
    return min(MOST, int(rate * AHEAD.total_seconds())) if rate else MOST


@transaction.atomic
def replay_events(
    webhook: Webhook,
    events: Sequence[int],
    *,
    rate: float,
    uid: UUID,
    now: datetime,
    origin: Origin,
) -> int:
    """Send these events again, in their order, *rate* a second; how many there are.

    The caller has found them among the webhook's finished deliveries. The first new
    delivery has *uid*: used before, it raises IntegrityError. Raises NotActive, and
    PayloadExpired where no payload is left.
    """
    refuse_inactive(webhook)
    kept = Event.objects.select_for_update(no_key=True).order_by("pk")
    left = set(
        kept.filter(pk__in=events, payload_deleted_at=None).values_list("pk", flat=True)
    )
    wanted = [each for each in dict.fromkeys(events) if each in left]
    if not wanted:
        raise PayloadExpired
    uids = [uid, *(new_uid() for _ in wanted[1:])]
    interval = timedelta(seconds=1 / rate) if rate else timedelta()
    Delivery.objects.bulk_create(
        Delivery(
            uid=each,
            event_id=event,
            webhook=webhook,
            is_replay=True,
            due_at=now + at * interval,
            created_at=now,
        )
        for at, (each, event) in enumerate(zip(uids, wanted, strict=True))
    )
    transaction.on_commit(wake_workers)
    _write_down(webhook, uids, origin)
    return len(wanted)


def _write_down(webhook: Webhook, uids: Sequence[UUID], origin: Origin) -> None:
    told: Any = len(uids)
    if told <= NAMED:
        told = [encode("dlv", uid) for uid in uids]
    record(
        Action.DELIVERY_REPLAYED,
        origin=origin,
        about=about_webhook(webhook),
        tenant_id=webhook.tenant_id,
        changes=changes_between({}, {"deliveries": told}),
    )
    fields = {"webhook": webhook.public_id, "count": len(uids), "by": origin.name}
    logger.info("deliveries.replayed", extra=fields)


def _refuse_expired(event_id: int) -> None:
    # Held until the new delivery is there: then nobody deletes its payload any more.
    event = Event.objects.select_for_update(no_key=True).only("payload_deleted_at")
    if event.get(pk=event_id).payload_deleted_at is not None:
        raise PayloadExpired
