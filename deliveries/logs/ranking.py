"""Webhooks in the order in which they need to be looked at, from roll-ups alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import (
    Case,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from deliveries.models import Attempt, Rollup

if TYPE_CHECKING:
    from datetime import datetime

    from subscriptions.models.webhooks import WebhookQuerySet

# Behind every share there is.
NOTHING_TRIED = 2.0


def worst_first(webhooks: WebhookQuerySet, *, since: datetime) -> WebhookQuerySet:
    """By the share of attempts that succeeded, the lowest first; then by name.

    Those without an attempt come last. *since* is the beginning of an hour.
    """
    succeeded = _sum_of(Attempt.Status.SUCCESS, since=since)
    failed = _sum_of(Attempt.Status.FAILED, Attempt.Status.TIMEOUT, since=since)
    counted = webhooks.annotate(succeeded=succeeded, failed=failed)
    share = Case(
        When(succeeded=0, failed=0, then=Value(NOTHING_TRIED)),
        default=F("succeeded") * 1.0 / (F("succeeded") + F("failed")),
        output_field=FloatField(),
    )
    ranked: WebhookQuerySet = counted.annotate(share=share).order_by(
        "share", "name", "pk"
    )
    return ranked


def _sum_of(*statuses: str, since: datetime) -> Coalesce:
    one: Any = Value(0)
    for status in statuses:
        one += Coalesce(Cast(KT(f"statuses__{status}"), IntegerField()), 0)
    mine = Rollup.objects.filter(webhook=OuterRef("pk"), hour__gte=since)
    total = mine.order_by().values("webhook").annotate(total=Sum(one)).values("total")
    return Coalesce(Subquery(total), 0, output_field=IntegerField())
