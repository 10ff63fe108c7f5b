"""What a log is narrowed to, as conditions on the two tables behind it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from deliveries.logs.entries import PENDING
from deliveries.logs.searching import containing
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
    search: str = ""

    def described(self) -> str:
        """The same for criteria that narrow alike."""
        moments = (self.since, self.until)
        return json.dumps(
            [
                sorted(set(self.statuses)),
                sorted(set(self.event_types)),
                *(moment and moment.timestamp() for moment in moments),
                *(self.event_id, self.entity_id, self.search),
            ]
        )

    def attempts_of(self, webhook: Webhook) -> AttemptQuerySet:
        rows = Attempt.objects.filter(webhook=webhook).order_by()
        if self.statuses:
            rows = rows.filter(status__in=set(self.statuses) - {PENDING})
        on = self._on(webhook, name="event_type", at="started_at", prefix="delivery__")
        return rows.filter(on)

    def pending_of(self, webhook: Webhook) -> DeliveryQuerySet:
        rows = Delivery.objects.filter(webhook=webhook).never_attempted().order_by()
        if self.statuses and PENDING not in self.statuses:
            return rows.none()
        on = self._on(webhook, name="event__type", at="created_at", prefix="")
        return rows.filter(on)

    def _on(self, webhook: Webhook, *, name: str, at: str, prefix: str) -> Q:
        """The conditions, given what a table calls them; *prefix* leads to delivery."""
        event = f"{prefix}event"
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
        on = Q(**{lookup: value for lookup, value in wanted.items() if value})
        return on & containing(self.search, webhook, prefix=prefix)
