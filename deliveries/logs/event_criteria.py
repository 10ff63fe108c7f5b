"""What a list of events is narrowed to, and in which order an index has what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from deliveries.logs.searching import is_event_id
from deliveries.models import Event
from subscriptions.models import Tenant

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from subscriptions.models import Subsidiary

    Events = QuerySet[Any, Any]

PERIOD = frozenset({"created_at__gte", "created_at__lt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCriteria:
    """What is left out narrows nothing. *until* is the first moment that is too late.

    *tenant* None means all of them, for the platform's support; *search* is an event's
    whole id there. Else it may be a text as well: `sought`, which is not among the
    conditions here.
    """

    tenant: Tenant | None
    subsidiary: Subsidiary | None = None
    type: str = ""
    entity_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    search: str = ""

    def events(self) -> Events:
        # As for polling: a test is nobody's event.
        rows = Event.objects.filter(self._found(), is_test=False, **self._told())
        return rows.order_by()

    @property
    def sought(self) -> str:
        """The text to look for; empty, if there is none or it is the id of an event."""
        is_id = self.tenant is None or is_event_id(self.search)
        return "" if is_id else self.search

    def within_index(self) -> Events | None:
        """Those to which an index leads, among which the events are looked for.

        None: it leads to the events alone.
        """
        told, known = self._told(), self._known()
        if self.search or told.keys() <= known:
            return None
        led = {lookup: told[lookup] for lookup in told.keys() & known}
        return Event.objects.filter(**led).order_by()

    @property
    def is_by_time(self) -> bool:
        """Newest first by their time; otherwise by their number."""
        return not self.search and self._known() >= PERIOD

    def _known(self) -> frozenset[str]:
        if self.tenant is None:
            return frozenset()
        if self.entity_id:
            return frozenset({"tenant", "entity_id"})
        if self.type and not (self.since or self.until):
            return frozenset({"tenant", "type"})
        return frozenset({"tenant"}) | PERIOD

    def _told(self) -> dict[str, Any]:
        told = {
            "tenant": self.tenant,
            "subsidiary": self.subsidiary,
            "type": self.type,
            "entity_id": self.entity_id,
            "created_at__gte": self.since,
            "created_at__lt": self.until,
        }
        return {lookup: value for lookup, value in told.items() if value}

    def _found(self) -> Q:
        if not self.search or self.sought:
            return Q()
        # Ids of events are indexed within their tenant.
        everybody = Q() if self.tenant else Q(tenant__in=Tenant.objects.all())
        name = self.search.lower() if self.tenant else self.search
        return everybody & Q(public_id=name)
