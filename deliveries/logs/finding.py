"""One entry of a log, by the id that the API gave it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deliveries.logs.entries import entry_of_attempt, entry_of_pending, next_sequence
from deliveries.models import Attempt, Delivery
from subscriptions.identifiers import NotAnIdentifier, decode
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from uuid import UUID

    from deliveries.logs.entries import LogEntry
    from subscriptions.models import Tenant

# Nine digits always fit into the column.
LOG_ID = re.compile(r"(log_[0-9a-v]{26})_([1-9][0-9]{0,8})")


def webhook_with_logs(tenant: Tenant, public_id: str) -> Webhook:
    """Also a deleted webhook: its logs are kept. Raises Webhook.DoesNotExist."""
    found: Webhook = Webhook.objects.filter(tenant=tenant).by_public_id(public_id)
    return found


def find_entry(webhook: Webhook, public_id: str) -> LogEntry | None:
    """The entry with everything about it.

    An id is promised before its attempt is made. Should the worker that claimed the
    delivery for it die, the id leads to the attempt that was made instead.
    """
    match = LOG_ID.fullmatch(public_id)
    if match is None:
        return None
    try:
        uid = decode("log", match[1])
    except NotAnIdentifier:
        return None
    sequence = int(match[2])
    return (
        _attempted(webhook, uid, sequence)
        or _pending(webhook, uid, sequence)
        # It was attempted between the two.
        or _attempted(webhook, uid, sequence)
    )


def _attempted(webhook: Webhook, uid: UUID, sequence: int) -> LogEntry | None:
    attempts = Attempt.objects.filter(webhook=webhook, delivery__uid=uid)
    attempts = attempts.select_related("delivery__event").marking_latest()
    found = attempts.filter(sequence__gte=sequence).order_by("sequence").first()
    if found is None:
        return None
    return entry_of_attempt(found, webhook=webhook)


def _pending(webhook: Webhook, uid: UUID, sequence: int) -> LogEntry | None:
    waiting = Delivery.objects.filter(webhook=webhook, uid=uid).never_attempted()
    found = waiting.select_related("event").first()
    if found is None or sequence > next_sequence(found):
        return None
    return entry_of_pending(found, webhook=webhook)
