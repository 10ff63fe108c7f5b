"""Links between the pages of events and of a webhook's deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import register_converter, reverse
from django.urls.converters import StringConverter

from deliveries.facts import EVENT_ID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.http import QueryDict

    from deliveries.models import Event
    from subscriptions.models import Webhook
    from subscriptions.pages.visitor import Visitor


def deliveries_url(
    webhook: Webhook,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    **filters: str,
) -> str:
    """The list, narrowed to that; what is empty is left out."""
    told = {"from": since and moment_text(since), "to": until and moment_text(until)}
    address = reverse("admin:webhook_deliveries", args=[webhook.public_id])
    return _with(address, {k: v for k, v in (filters | told).items() if v})


def delivery_url(webhook: Webhook, public_id: str) -> str:
    return reverse("admin:webhook_delivery", args=[webhook.public_id, public_id])


def event_url(event: Event, visitor: Visitor) -> str:
    """For the support with its tenant: others may have an event of that id, too."""
    address = reverse("admin:published_event", args=[event.public_id])
    return _with(address, _whose(event, visitor))


def events_url(event: Event, visitor: Visitor, **filters: str) -> str:
    """The list with others of its tenant, narrowed to that."""
    return _with(reverse("admin:published_events"), _whose(event, visitor) | filters)


def _whose(event: Event, visitor: Visitor) -> dict[str, str]:
    return {"tenant": event.tenant.company_code} if visitor.is_support else {}


def _with(address: str, told: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(told)}" if told else address


def narrowed(query: QueryDict, places: tuple[str, ...], told: Mapping[str, str]) -> str:
    """The address of a list with other filters, from its beginning.

    *places*: what is only of a place in the list. What is empty is left out.
    """
    changed = query.copy()
    for name in places:
        changed.pop(name, None)
    for name, value in told.items():
        changed[name] = value
        if not value:
            del changed[name]
    return f"?{changed.urlencode()}"


def moment_text(moment: datetime) -> str:
    """As the list reads it again; whole seconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class DeliveryId(StringConverter):
    """So that an id is never taken for the name of a page beside it."""

    regex = "dlv_[^/]+"


class EventId(StringConverter):
    """All that a publisher may choose.

    One dot or two mean a place above this one to a browser, so they have a mark.
    """

    regex = rf"~\.{{1,2}}|{EVENT_ID.pattern}"

    def to_python(self, value: str) -> str:
        return value.removeprefix("~")

    def to_url(self, value: str) -> str:
        return f"~{value}" if value in {".", ".."} else value


class RecoveryId(StringConverter):
    regex = "rcv_[^/]+"


class RuleId(StringConverter):
    regex = "rule_[^/]+"


register_converter(DeliveryId, "delivery")
register_converter(EventId, "event")
register_converter(RecoveryId, "recovery")
register_converter(RuleId, "rule")
