"""Finished deliveries whose time is over go, with their attempts and their events.

By webhook and in the order of its log: so an index finds them, however many there are
of others, and the roll-ups of the hours that lose entries are counted anew at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from deliveries.engine import turnstile
from deliveries.engine.counting import recount
from deliveries.models import Attempt, Delivery, Recovery, hour_of
from deliveries.retention.rows import batch_size, delete_rows, delete_unused_events
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from deliveries.models.attempts import AttemptQuerySet
    from deliveries.retention.periods import Periods

FINAL = (Delivery.State.SUCCEEDED, Delivery.State.FAILED, Delivery.State.SKIPPED)


def batches(periods: Periods) -> Iterator[int]:
    """Delete batch after batch; yields how many attempts each had."""
    for webhook_id, cutoff in _webhooks(periods):
        while deleted := _delete_batch(webhook_id, cutoff):
            yield deleted


def count(periods: Periods) -> int:
    return sum(_expired(*webhook).count() for webhook in _webhooks(periods))


def _webhooks(periods: Periods) -> Iterator[tuple[int, datetime]]:
    # A running recovery still looks at what it is to send again.
    spared = Recovery.objects.running().values("webhook")
    webhooks = Webhook.objects.filter(tenant__in=periods.cutoffs).order_by("pk")
    webhooks = webhooks.exclude(pk__in=spared)
    for pk, tenant_id in list(webhooks.values_list("pk", "tenant")):
        yield pk, periods.cutoffs[tenant_id]


def _expired(webhook_id: int, cutoff: datetime) -> AttemptQuerySet:
    """A delivery goes as a whole: once it has ended and the end is long ago."""
    return Attempt.objects.filter(
        webhook=webhook_id,
        started_at__lt=cutoff,
        delivery__state__in=FINAL,
        delivery__ended_at__lt=cutoff,
    )


@transaction.atomic(durable=True)
def _delete_batch(webhook_id: int, cutoff: datetime) -> int:
    oldest = _expired(webhook_id, cutoff).order_by("started_at", "pk")
    deliveries = set(oldest.values_list("delivery", flat=True)[: batch_size()])
    if not deliveries:
        return 0
    turnstile.build([webhook_id])
    turnstile.hold([webhook_id])
    rows = Attempt.objects.filter(delivery__in=deliveries).order_by()
    attempts = dict(rows.values_list("pk", "started_at"))
    of_deliveries = Delivery.objects.filter(pk__in=deliveries).order_by()
    events = set(of_deliveries.values_list("event", flat=True))
    delete_rows(Attempt, attempts)
    delete_rows(Delivery, deliveries)
    delete_unused_events(events, cutoff)
    first, last = (hour_of(each(attempts.values())) for each in (min, max))
    recount(webhook_id, since=first, until=last + timedelta(hours=1))
    return len(attempts)
