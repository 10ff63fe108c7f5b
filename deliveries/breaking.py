"""Webhooks that do not acknowledge: how they stand, and how they start again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction
from django.db.models import Min

from deliveries.models import Delivery, WebhookHealth
from deliveries.recovery import Order, make_room, start_recovery
from subscriptions.models import Webhook
from subscriptions.origins import SYSTEM, Origin
from subscriptions.revisions import locked
from subscriptions.webhooks import enable_webhook

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from deliveries.models import Recovery

# What is published before others see that the webhook is active makes no delivery.
LEEWAY = timedelta(minutes=1)
NOT_ACKNOWLEDGED = Webhook.DisabledReason.NOT_ACKNOWLEDGED


class Acknowledgement(NamedTuple):
    """Whether a webhook was stopped because it did not acknowledge, and what it did."""

    is_broken: bool
    last_success_at: datetime | None
    last_failure_at: datetime | None


def health_of_many(webhook_ids: Collection[int]) -> dict[int, Acknowledgement]:
    """How each of them stands, in one query. The caller has asked whose they are."""
    rows = Webhook.objects.filter(pk__in=webhook_ids).values_list(
        "pk", "disabled_reason", "health__last_success_at", "health__last_failure_at"
    )
    return {
        pk: Acknowledgement(reason == NOT_ACKNOWLEDGED, success, failure)
        for pk, reason, success, failure in rows
    }


@transaction.atomic
def unbreak(
    webhook: Webhook, *, origin: Origin = SYSTEM, now: datetime
) -> Recovery | None:
    """Make a broken webhook Active, and send again what it missed: the recovery.

    That is what failed, was skipped or happened meanwhile, from the oldest event that
    it did not acknowledge on. A webhook that is not broken stays as it is: None.
    """
    # Health before webhook, as recording locks them: nobody waits in a circle.
    list(WebhookHealth.objects.filter(webhook=webhook).select_for_update(no_key=True))
    broken = locked(webhook)
    if broken.disabled_reason != NOT_ACKNOWLEDGED:
        return None
    since = _oldest_unacknowledged(broken) or broken.disabled_at or now
    # While it is stopped: a recovery that was under way has ended with it.
    make_room(broken)
    active = enable_webhook(broken, origin=origin)
    order = Order(since=since, leeway=LEEWAY, include_missed=True)
    return start_recovery(active, order, created_by=origin.name, now=now, origin=origin)


def _oldest_unacknowledged(webhook: Webhook) -> datetime | None:
    rows = Delivery.objects.filter(webhook=webhook, unacknowledged_since__isnull=False)
    oldest: datetime | None = rows.aggregate(Min("created_at"))["created_at__min"]
    return oldest
