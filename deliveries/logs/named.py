"""Deliveries by an id that somebody has at hand: of a delivery, or of its event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from deliveries.models import Delivery, Event
from subscriptions.identifiers import NotAnIdentifier, decode

if TYPE_CHECKING:
    from deliveries.models.deliveries import DeliveryQuerySet
    from subscriptions.models.webhooks import WebhookQuerySet


def deliveries_named(public_id: str, *, webhooks: WebhookQuerySet) -> DeliveryQuerySet:
    """To these webhooks, the newest first; of any other id, none."""
    present = webhooks.order_by()
    rows: DeliveryQuerySet = Delivery.objects.filter(webhook__in=present.values("pk"))
    named = rows.filter(_named(public_id, tenants=present.values("tenant")))
    return named.select_related("event", "webhook__tenant").order_by("-pk")


def _named(public_id: str, *, tenants: Any) -> Q:
    try:
        return Q(uid=decode("dlv", public_id))
    except NotAnIdentifier:
        # Ids of events are indexed within their tenant.
        events = Event.objects.filter(tenant__in=tenants, public_id=public_id)
        return Q(event__in=events.order_by().values("pk"))
