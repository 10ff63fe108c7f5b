"""What a log is narrowed to, as conditions on the two tables behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from deliveries.logs.entries import PENDING
from deliveries.models import Attempt, Delivery

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from deliveries.models.attempts import AttemptQuerySet
    from deliveries.models.deliveries import DeliveryQuerySet
    from subscriptions.models import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What is left out narrows nothing. *since* and *until* are both inclusive."""

    statuses: Collection[str] = ()
    event_types: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    event_id: str = ""
    entity_id: str = ""

    def attempts_of(self, webhook: Webhook) -> AttemptQuerySet:
        rows = Attempt.objects.filter(webhook=webhook).order_by()
        if self.statuses:
            rows = rows.filter(status__in=set(self.statuses) - {PENDING})
        return rows.filter(
            self._on(
                webhook, name="event_type", at="started_at", event="delivery__event"
            )
        )

    def pending_of(self, webhook: Webhook) -> DeliveryQuerySet:
        rows = Delivery.objects.filter(webhook=webhook).never_attempted().order_by()
        if self.statuses and PENDING not in self.statuses:
            return rows.none()
        return rows.filter(
            self._on(webhook, name="event__type", at="created_at", event="event")
        )

    def _on(self, webhook: Webhook, *, name: str, at: str, event: str) -> Q:
        """The conditions, given where a table has the type's name, the time and the event."""
        wanted: dict[str, Any] = {
            f"{name}__in": list(self.event_types),
            f"{at}__gte": self.since,
            f"{at}__lte": self.until,
            f"{event}__public_id": self.event_id,
            f"{event}__entity_id": self.entity_id,
        }
        if self.event_id or self.entity_id:
            # Both mean something within a tenant only: so do their indexes.
            wanted[f"{event}__tenant"] = webhook.tenant_id
        return Q(**{lookup: value for lookup, value in wanted.items() if value})
