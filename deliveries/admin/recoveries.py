from __future__ import annotations

from django.contrib import admin

from deliveries.admin.facts import FactAdmin
from deliveries.models import Recovery


@admin.register(Recovery)
class RecoveryAdmin(FactAdmin):
    tenant_path = "webhook__tenant"
    list_display = (
        "public_id",
        "webhook",
        "status",
        "matched",
        "queued",
        "created_at",
        "created_by",
    )
    list_filter = ("status",)
    list_select_related = ("webhook",)
    fields = (
        "public_id",
        "webhook",
        "status",
        "reason",
        "since",
        "until",
        "statuses",
        "event_types",
        "include_missed",
        "matched",
        "queued",
        "stage",
        "created_at",
        "created_by",
        "ended_at",
    )
