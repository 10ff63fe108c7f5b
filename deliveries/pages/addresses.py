"""Links between the pages of a webhook's deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import register_converter, reverse
from django.urls.converters import StringConverter

if TYPE_CHECKING:
    from datetime import datetime

    from subscriptions.models import Webhook


def deliveries_url(
    webhook: Webhook,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    **filters: str,
) -> str:
    """The list, narrowed to that; what is empty is left out."""
    told = {"from": since and moment_text(since), "to": until and moment_text(until)}
    query = urlencode({k: v for k, v in (filters | told).items() if v})
    address = reverse("admin:webhook_deliveries", args=[webhook.public_id])
    return f"{address}?{query}" if query else address


def delivery_url(webhook: Webhook, public_id: str) -> str:
    return reverse("admin:webhook_delivery", args=[webhook.public_id, public_id])


def moment_text(moment: datetime) -> str:
    """As the list reads it again; whole seconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class DeliveryId(StringConverter):
    """So that an id is never taken for the name of a page beside it."""

    regex = "dlv_[^/]+"


class RecoveryId(StringConverter):
    regex = "rcv_[^/]+"


class RuleId(StringConverter):
    regex = "rule_[^/]+"


register_converter(DeliveryId, "delivery")
register_converter(RecoveryId, "recovery")
register_converter(RuleId, "rule")
