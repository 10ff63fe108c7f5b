"""The tests that were sent to a webhook of late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliveries.logs.entries import entry_of_attempt, entry_of_pending
from deliveries.models import Attempt, Delivery

if TYPE_CHECKING:
    from deliveries.logs.entries import LogEntry
    from subscriptions.models import Webhook

# Large, and not shown in a list.
_BODIES = ("event__body", "event__body_with_previous", "event__full_body")
_PARTS = ("request_headers", "response_headers", "response_body")


def last_tests(webhook: Webhook, *, limit: int) -> list[LogEntry]:
    """The newest first, each with the latest that came of it. Two queries."""
    tests = Delivery.objects.filter(webhook=webhook, is_test=True)
    newest = tests.select_related("event").defer(*_BODIES)
    found = {each.pk: each for each in newest.order_by("-created_at", "-pk")[:limit]}
    attempts = Attempt.objects.filter(webhook=webhook, delivery__in=found)
    latest = {}
    for attempt in attempts.defer(*_PARTS).marking_latest().order_by("sequence"):
        attempt.delivery = found[attempt.delivery_id]
        latest[attempt.delivery_id] = attempt
    return [
        entry_of_attempt(latest[pk], webhook=webhook)
        if pk in latest
        else entry_of_pending(each, webhook=webhook)
        for pk, each in found.items()
    ]
