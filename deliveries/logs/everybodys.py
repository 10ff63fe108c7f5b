"""Deliveries of all tenants, for the platform's support: newest first, in windows.

No index knows the states or types of all tenants together. So that no question reads
the whole table, each page looks through so many deliveries and no more; the next one
goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Max, Q

from deliveries.logs.delivery_list import ListedDelivery
from deliveries.logs.delivery_status import DeliveryStatus, with_status
from deliveries.logs.entries import entry_of_attempt, entry_of_pending
from deliveries.logs.walking import SHOWN_OF_AN_ATTEMPT
from deliveries.models import Attempt, Delivery, Event
from subscriptions.identifiers import NotAnIdentifier, decode
from subscriptions.models import Tenant

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOW = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is left out narrows nothing. *id*: of a delivery, an event or a webhook."""

    tenant: str = ""
    status: DeliveryStatus | None = None
    event_type: str = ""
    id: str = ""

    def condition(self) -> Q:
        on = with_status([self.status]) if self.status else Q()
        if self.tenant:
            on &= Q(webhook__tenant__company_code=self.tenant)
        if self.event_type:
            on &= Q(event__type=self.event_type)
        return on & _named(self.id) if self.id else on


@dataclass(frozen=True, slots=True)
class WindowPage:
    """*older*: below which number the next page begins; None: there is nothing."""

    rows: list[ListedDelivery]
    older: int | None


def page_of_all(
    wanted: Wanted, *, below: int | None, size: int, window: int = WINDOW
) -> WindowPage:
    """Four queries at most, however many deliveries there are."""
    top = below or (Delivery.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    floor = max(top - window, 0)
    within = Delivery.objects.filter(wanted.condition(), pk__lt=top, pk__gte=floor)
    related = within.select_related("event", "webhook__tenant")
    bodies = ("event__body", "event__body_with_previous", "event__full_body")
    found = list(related.defer(*bodies).order_by("-pk")[: size + 1])
    shown = found[:size]
    if len(found) > size:
        older: int | None = shown[-1].pk
    else:
        older = floor if Delivery.objects.filter(pk__lt=floor).exists() else None
    return WindowPage(_listed(shown), older)


def _listed(deliveries: list[Delivery]) -> list[ListedDelivery]:
    latest = _latest_attempts({each.pk: each for each in deliveries})
    return [
        ListedDelivery(
            each,
            entry_of_attempt(latest[each.pk], webhook=each.webhook)
            if each.pk in latest
            else entry_of_pending(each, webhook=each.webhook),
        )
        for each in deliveries
    ]


def _latest_attempts(asked: Mapping[int, Delivery]) -> dict[int, Attempt]:
    own = [name for name in SHOWN_OF_AN_ATTEMPT if "__" not in name]
    rows = Attempt.objects.filter(delivery__in=asked).order_by()
    found = rows.only_latest().marking_latest().only("delivery", *own)
    for attempt in found:
        attempt.delivery = asked[attempt.delivery_id]
    return {attempt.delivery_id: attempt for attempt in found}


def _named(public_id: str) -> Q:
    for prefix, lookup in (("dlv", "uid"), ("whk", "webhook__uid")):
        try:
            return Q(**{lookup: decode(prefix, public_id)})
        except NotAnIdentifier:
            continue
    # Ids of events are indexed within their tenant.
    events = Event.objects.filter(tenant__in=Tenant.objects.all(), public_id=public_id)
    return Q(event__in=events.order_by().values("pk"))
