from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from deliveries.admin.facts import FactAdmin, as_text
from deliveries.models import Event
from subscriptions.admin.scoping import as_typed

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


@admin.register(Event)
class EventAdmin(FactAdmin):
    list_display = (
        "public_id",
        "tenant",
        "subsidiary",
        "type",
        as_typed("entity_id"),
        "created_at",
    )
    list_select_related = ("tenant", "subsidiary")
    fields = (
        "public_id",
        "tenant",
        "subsidiary",
        "type",
        as_typed("entity_type"),
        as_typed("entity_id"),
        "occurred_at",
        "created_at",
        "is_test",
        "body_text",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .defer("body", "body_with_previous", "full_body")
        )

    @admin.display(description="body")
    def body_text(self, event: Event) -> str:
        return event.payload_note or as_text(event.body)
