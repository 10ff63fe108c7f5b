"""Events that went to nobody expire by themselves; payloads may go before the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from deliveries.models import Attempt, Delivery, Event, Purger
from deliveries.payload_index import forget_payloads
from deliveries.retention.rows import batch_size, delete_unused_events, lock_events
from deliveries.statements import among, execute

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from deliveries.models.events import EventQuerySet
    from deliveries.retention.periods import Periods

    Page = list[tuple[int, datetime]]

_WITHOUT_ATTEMPTS = """
DELETE FROM deliveries_delivery WHERE event_id {} AND state > 1 AND NOT EXISTS (
    SELECT 1 FROM deliveries_attempt WHERE delivery_id = deliveries_delivery.id
)
"""


def batches(periods: Periods) -> Iterator[int]:
    """Delete expired events; yields how many each batch had."""
    for tenant_id, cutoff in periods.cutoffs.items():
        for page in _pages(_of(tenant_id, before=cutoff)):
            yield _delete_batch([pk for pk, _ in page], cutoff)


def count(periods: Periods) -> int:
    """Of those that went to nobody: the others are counted by their deliveries."""
    unused = ~Exists(Delivery.objects.filter(event=OuterRef("pk")))
    return sum(
        _of(tenant_id, before=cutoff).filter(unused).count()
        for tenant_id, cutoff in periods.cutoffs.items()
    )


def payload_batches(periods: Periods) -> Iterator[int]:
    """Delete payloads, and what receivers answered to them; the log's lines stay."""
    spared = periods.payloads
    if spared is None:
        return
    done = Purger.objects.values_list("payloads_deleted_to", flat=True).first()
    for tenant_id in periods.cutoffs:
        rows = _with_payload(tenant_id, before=periods.payloads, since=done)
        for page in _pages(rows):
            emptied = _delete_payloads([pk for pk, _ in page], now=periods.now)
            kept = [moment for pk, moment in page if pk not in emptied]
            spared = min([spared, *kept])
            yield len(emptied)
    Purger.objects.filter(pk=1).update(payloads_deleted_to=spared)


def payload_count(periods: Periods) -> int:
    if periods.payloads is None:
        return 0
    return sum(
        _with_payload(tenant_id, before=periods.payloads).filter(_is_idle()).count()
        for tenant_id in periods.cutoffs
    )


def _of(tenant_id: int, *, before: datetime) -> EventQuerySet:
    return Event.objects.filter(tenant=tenant_id, created_at__lt=before)


def _with_payload(
    tenant_id: int, *, before: datetime | None, since: datetime | None = None
) -> EventQuerySet:
    rows = Event.objects.filter(
        tenant=tenant_id, created_at__lt=before, payload_deleted_at=None
    )
    return rows.filter(created_at__gte=since) if since else rows


def _is_idle() -> Q:
    """No delivery of it is still to be sent."""
    return Q(~Exists(Delivery.objects.unfinished().filter(event=OuterRef("pk"))))


def _pages(rows: EventQuerySet) -> Iterator[Page]:
    """In the order of time; a page begins behind the one before, whatever that kept."""
    ordered = rows.order_by("created_at", "pk").values_list("pk", "created_at")
    size = batch_size()
    page = list(ordered[:size])
    while page:
        yield page
        pk, moment = page[-1]
        behind = Q(created_at__gt=moment) | Q(created_at=moment, pk__gt=pk)
        page = list(ordered.filter(behind, created_at__gte=moment)[:size])


@transaction.atomic(durable=True)
def _delete_batch(keys: Collection[int], cutoff: datetime) -> int:
    # The engine leaves no finished delivery without an attempt; a hand may have.
    these, values = among(keys)
    execute(_WITHOUT_ATTEMPTS.format(these), values)
    return delete_unused_events(keys, cutoff)


@transaction.atomic(durable=True)
def _delete_payloads(keys: Collection[int], *, now: datetime) -> set[int]:
    held = Event.objects.filter(_is_idle(), pk__in=lock_events(keys))
    idle = set(held.values_list("pk", flat=True))
    Event.objects.filter(pk__in=idle).update(
        body=b"", body_with_previous=None, full_body=None, payload_deleted_at=now
    )
    forget_payloads(idle)
    Attempt.objects.filter(delivery__event__in=idle).exclude(response_body=b"").update(
        response_body=b""
    )
    return idle
