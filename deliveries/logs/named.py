"""A delivery or an event by an id that somebody has at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliveries.models import Delivery, Event

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from subscriptions.models import Tenant
    from subscriptions.models.webhooks import WebhookQuerySet

BODIES = ("body", "body_with_previous", "full_body")


def delivery_named(public_id: str, *, webhooks: WebhookQuerySet) -> Delivery:
    """To one of these webhooks. Raises Delivery.DoesNotExist."""
    present = webhooks.order_by().values("pk")
    rows = Delivery.objects.filter(webhook__in=present).select_related("webhook")
    found: Delivery = rows.by_public_id(public_id)
    return found


def events_named(public_id: str, *, tenants: QuerySet[Tenant]) -> QuerySet[Any, Any]:
    """At most one of each tenant: ids of events are indexed within theirs."""
    rows = Event.objects.filter(
        tenant__in=tenants.order_by().values("pk"), public_id=public_id
    )
    return rows.select_related("tenant").defer(*BODIES).order_by("-pk")
