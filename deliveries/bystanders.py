"""Webhooks that did not get an event, and why that can be, as far as rows can tell.

How a webhook was set up when the event was published is not kept: only what is set up
now is known, when the webhook was added, and since when it is disabled.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Exists, OuterRef

from deliveries.facts import WEBHOOK
from deliveries.models import Delivery
from subscriptions.filters import read
from subscriptions.models import Subscription, Webhook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deliveries.models import Event
    from subscriptions.models.webhooks import WebhookQuerySet


class Cause(StrEnum):
    # These are facts.
    ADDED_LATER = "added later"
    STOPPED_BEFORE = "stopped before"
    ABOUT_ITSELF = "about itself"
    # These hold now.
    NOT_SUBSCRIBED = "not subscribed"
    NOT_MATCHED = "not matched"
    NOT_TRIED = "not tried"
    NOT_ACTIVE = "not active"


class Bystander(NamedTuple):
    """Without a cause: as it is set up now, it gets such events."""

    webhook: Webhook
    causes: list[Cause]


def bystanders_of(event: Event, *, among: WebhookQuerySet) -> list[Bystander]:
    """Those of the event's subsidiary, by name. One query; the event has its bodies."""
    got = Delivery.objects.filter(event=event, webhook=OuterRef("pk"))
    wanted = Subscription.objects.filter(
        webhook=OuterRef("pk"), event_type__name=event.type
    )
    others = among.filter(tenant=event.tenant_id, subsidiary=event.subsidiary_id)
    rows = others.exclude(Exists(got.order_by())).annotate(
        subscribes=Exists(wanted.order_by())
    )
    shown: list[Any] = list(rows.order_by("name", "pk"))
    has_filter = any(each.filter and each.subscribes for each in shown)
    body = _body(event) if has_filter else None
    return [Bystander(each, list(_causes(each, event, body))) for each in shown]


def _body(event: Event) -> Any:
    """What filters see; None: it is not kept any more."""
    return json.loads(event.whole) if event.payload_deleted_at is None else None


def _causes(webhook: Any, event: Event, body: Any) -> Iterator[Cause]:
    if webhook.created_at > event.created_at:
        yield Cause.ADDED_LATER
    if event.entity_type == WEBHOOK and event.entity_id == webhook.public_id:
        yield Cause.ABOUT_ITSELF
    if not webhook.subscribes:
        yield Cause.NOT_SUBSCRIBED
    elif webhook.filter and body is None:
        yield Cause.NOT_TRIED
    elif webhook.filter and not read(webhook.filter).matches(body):
        yield Cause.NOT_MATCHED
    if webhook.disabled_at and webhook.disabled_at <= event.created_at:
        yield Cause.STOPPED_BEFORE
    elif webhook.status != Webhook.Status.ACTIVE:
        yield Cause.NOT_ACTIVE
