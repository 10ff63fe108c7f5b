"""A deleted webhook goes with the last of its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef

from deliveries.models import Attempt, Delivery
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deliveries.retention.periods import Periods
    from subscriptions.models.webhooks import WebhookQuerySet


def batches(periods: Periods) -> Iterator[int]:
    for tenant_id in periods.cutoffs:
        for pk in list(_gone(tenant_id, periods).values_list("pk", flat=True)):
            yield _delete(pk)


def count(periods: Periods) -> int:
    return sum(_gone(tenant_id, periods).count() for tenant_id in periods.cutoffs)


def _gone(tenant_id: int, periods: Periods) -> WebhookQuerySet:
    log = Attempt.objects.filter(webhook=OuterRef("pk"))
    deleted = Webhook.objects.filter(
        tenant=tenant_id, deleted_at__lt=periods.cutoffs[tenant_id]
    )
    found: WebhookQuerySet = deleted.filter(~Exists(log)).order_by("pk")
    return found


@transaction.atomic(durable=True)
def _delete(pk: int) -> int:
    if Delivery.objects.filter(webhook=pk).exists():
        return 0
    Webhook.objects.filter(pk=pk).delete()
    return 1
