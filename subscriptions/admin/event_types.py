from __future__ import annotations

import json

from django.contrib import admin
from django.utils.html import format_html

from subscriptions.admin.scoping import ReadOnlyAdmin
from subscriptions.models import EventType


@admin.register(EventType)
class EventTypeAdmin(ReadOnlyAdmin):
    list_display = ("name", "profile", "group", "is_subscribable", "is_deprecated")
    list_filter = ("profile", "is_deprecated")
    search_fields = ("name", "group")
    fields = (
        "name",
        "profile",
        "group",
        "description",
        "is_subscribable",
        "is_deprecated",
        "sample_text",
        "schema_text",
    )

    @admin.display(description="sample")
    def sample_text(self, event_type: EventType) -> str:
        return format_html("<pre>{}</pre>", json.dumps(event_type.sample, indent=2))

    @admin.display(description="schema")
    def schema_text(self, event_type: EventType) -> str:
        return format_html("<pre>{}</pre>", json.dumps(event_type.schema, indent=2))
