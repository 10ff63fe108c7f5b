from __future__ import annotations

from django.contrib import admin

from deliveries.admin.facts import FactAdmin
from deliveries.models import Incident, NotificationRule


@admin.register(NotificationRule)
class NotificationRuleAdmin(FactAdmin):
    tenant_path = "tenant"
    list_display = ("public_id", "name", "kind", "is_enabled", "due_at", "created_at")
    list_filter = ("kind", "is_enabled")
    fields = (
        *("public_id", "name", "description", "kind", "is_enabled", "default_name"),
        *("subsidiary", "webhook", "metric", "event_types", "statuses"),
        *("error_kinds", "payload", "comparison", "threshold", "minimum_volume"),
        *("baseline", "window_minutes", "recipients", "repeats_each_window"),
        *("due_at", "created_at", "created_by", "updated_at", "updated_by"),
        "deleted_at",
    )


@admin.register(Incident)
class IncidentAdmin(FactAdmin):
    tenant_path = "rule__tenant"
    list_display = ("public_id", "rule", "webhook", "state", "value", "opened_at")
    list_select_related = ("rule", "webhook")
    fields = (
        *("public_id", "rule", "webhook", "state", "message", "value", "threshold"),
        *("since", "until", "opened_at", "told_at", "clear_since"),
        *("resolved_at", "resolution"),
    )
