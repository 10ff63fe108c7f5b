"""Send an event again, because somebody asks: a new delivery beside the first."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction

from deliveries.models import Delivery, Event
from deliveries.queue import wake_workers
from deliveries.webhook_tests import refuse_too_many_tests
from subscriptions.audit import About, Action, record
from subscriptions.origins import SYSTEM, Origin

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.logs import LogEntry
    from subscriptions.models import Webhook

logger = logging.getLogger(__name__)


class NotActive(ValueError):
    def __init__(self, webhook: Webhook) -> None:
        super().__init__(
            f"The webhook is {webhook.status}: only to an Active one is anything"
            " sent again."
        )


class NotYetAttempted(ValueError):
    def __init__(self) -> None:
        super().__init__("This was not sent yet: its first attempt is still to come.")


class PayloadExpired(ValueError):
    def __init__(self) -> None:
        super().__init__("The event's payload has expired: it cannot be sent again.")


def refuse_inactive(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise NotActive(webhook)


@transaction.atomic
def replay(entry: LogEntry, *, now: datetime, origin: Origin = SYSTEM) -> Delivery:
    """Send what *entry* is about again, to the same webhook, whatever became of it.

    It waits for nothing of its entity, and nothing waits for it. A test stays a test.
    Raises NotActive, NotYetAttempted, PayloadExpired and TooManyTests.
    """
    refuse_inactive(entry.webhook)
    if entry.attempt is None:
        raise NotYetAttempted
    first = entry.delivery
    _refuse_expired(first.event_id)
    if first.is_test:
        refuse_too_many_tests(entry.webhook, now=now)
    again = Delivery.objects.create(
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


def _refuse_expired(event_id: int) -> None:
    # Held until the new delivery is there: then nobody deletes its payload any more.
    event = Event.objects.select_for_update(no_key=True).only("payload_deleted_at")
    if event.get(pk=event_id).payload_deleted_at is not None:
        raise PayloadExpired
