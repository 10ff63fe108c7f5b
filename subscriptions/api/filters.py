"""How the lists can be narrowed. Parameters that nobody knows are ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import django_filters
from django.db.models import Q

from subscriptions.models import EventType, Webhook

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
