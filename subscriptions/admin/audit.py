from __future__ import annotations

import json

from django.contrib import admin
from django.utils.html import format_html

from subscriptions.admin.scoping import ReadOnlyAdmin, TenantScopedAdmin
from subscriptions.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin, TenantScopedAdmin):
    list_display = (
        "created_at",
        "action",
        "actor_name",
        "actor_kind",
        "object_kind",
        "object_name",
        "tenant",
        "address",
    )
    list_filter = ("tenant", "actor_kind", "object_kind")
    list_select_related = ("tenant",)
    search_fields = ("action", "actor_name", "object_id", "object_name", "request_id")
    show_full_result_count = False
    fields = (
        "public_id",
        "created_at",
        "action",
        "tenant",
        "actor_kind",
        "actor_name",
        "object_kind",
        "object_id",
        "object_name",
        "changes_text",
        "address",
        "request_id",
    )

    @admin.display(description="changes")
    def changes_text(self, event: AuditEvent) -> str:
        text = json.dumps(event.changes, indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)
