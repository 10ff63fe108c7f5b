"""Which events a list of deliveries holds that can be sent again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deliveries.models import Delivery

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from deliveries.logs.delivery_criteria import DeliveryCriteria
    from deliveries.models.deliveries import DeliveryQuerySet
    from subscriptions.models import Webhook


def count_resendable(
    webhook: Webhook, criteria: DeliveryCriteria, *, until: datetime
) -> int:
    """How many events, each once."""
    rows = _rows(webhook, criteria, until=until)
    return rows.values("event").distinct().count()


def newest_resendable(
    webhook: Webhook, criteria: DeliveryCriteria, *, until: datetime, limit: int
) -> list[int]:
    """The events of the newest *limit*, the oldest of them first."""
    found: dict[int, None] = {}
    rows = _rows(webhook, criteria, until=until).order_by("-created_at", "-pk")
    for event in rows.values_list("event", flat=True).iterator():
        found[event] = None
        if len(found) == limit:
            break
    return list(reversed(found))


def events_of(webhook: Webhook, public_ids: Collection[str]) -> list[int]:
    """Those of the chosen deliveries that were finished, the oldest first."""
    finished = Delivery.objects.filter(webhook=webhook).exclude(
        state__in=Delivery.UNFINISHED
    )
    rows = finished.by_public_ids(public_ids).filter(is_test=False)
    return list(rows.order_by("created_at", "pk").values_list("event", flat=True))


def _rows(
    webhook: Webhook, criteria: DeliveryCriteria, *, until: datetime
) -> DeliveryQuerySet:
    """Finished ones: the others are on their way. A test is nobody's event."""
    end = min(criteria.until, until) if criteria.until else until
    rows = replace(criteria, tests=False, until=end).deliveries_of(webhook)
    finished = rows.exclude(state__in=Delivery.UNFINISHED)
    found: DeliveryQuerySet = finished.filter(event__payload_deleted_at=None)
    return found
