"""How the lists can be narrowed. Parameters that nobody knows are ignored."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

import django_filters
from django.db.models import Q

from subscriptions.api.moment_filters import MomentFilter, PeriodForm
from subscriptions.audit import Action
from subscriptions.models import AuditEvent, EventType, Webhook

if TYPE_CHECKING:
    from subscriptions.models.webhooks import WebhookQuerySet


class WebhookFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped
    SubsidiaryId = django_filters.CharFilter("subsidiary__code")
    Status = django_filters.ChoiceFilter("status", choices=Webhook.Status.choices)
    Event = django_filters.CharFilter(
        "subscriptions__event_type__name", label="Subscribed to this event type."
    )
    Search = django_filters.CharFilter(
        method="search", label="Part of the name or of the URL."
    )

    class Meta:
        model = Webhook
        fields: list[str] = []

    def search(
        self, webhooks: WebhookQuerySet, name: str, value: str
    ) -> WebhookQuerySet:
        return webhooks.filter(Q(name__icontains=value) | Q(url__icontains=value))


class EventTypeFilter(django_filters.FilterSet):  # type: ignore[misc]
    Group = django_filters.CharFilter("group")

    class Meta:
        model = EventType
        fields: list[str] = []


class AuditFilter(django_filters.FilterSet):  # type: ignore[misc]
    Action = django_filters.MultipleChoiceFilter(
        "action", choices=[(str(each), str(each)) for each in Action], distinct=False
    )
    ObjectId = django_filters.CharFilter("object_id")
    Actor = django_filters.CharFilter("actor_name")
    StartDate = MomentFilter("created_at", lookup_expr="gte", at=time.min)
    EndDate = MomentFilter("created_at", lookup_expr="lte", at=time.max)

    class Meta:
        model = AuditEvent
        fields: list[str] = []
        form = PeriodForm
