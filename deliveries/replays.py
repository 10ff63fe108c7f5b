"""Send an event again, because somebody asks: a new delivery beside the first."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction

from deliveries.models import Delivery
from deliveries.queue import wake_workers
from deliveries.webhook_tests import refuse_too_many_tests

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


def refuse_inactive(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise NotActive(webhook)


@transaction.atomic
def replay(entry: LogEntry, *, requested_by: str, now: datetime) -> Delivery:
    """Send what *entry* is about again, to the same webhook, whatever became of it.

    It waits for nothing of its entity, and nothing waits for it. A test stays a test.
    Raises NotActive, NotYetAttempted and TooManyTests.
    """
    refuse_inactive(entry.webhook)
    if entry.attempt is None:
        raise NotYetAttempted
    first = entry.delivery
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
    fields = {
        "delivery": again.public_id,
        "of": first.public_id,
        "client": requested_by,
    }
    logger.info("delivery.replayed", extra=fields)
    return again
