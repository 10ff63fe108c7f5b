from __future__ import annotations

from django.contrib import admin

from deliveries.admin.facts import FactAdmin
from deliveries.models import Delivery
from subscriptions.admin.scoping import as_typed


@admin.register(Delivery)
class DeliveryAdmin(FactAdmin):
    tenant_path = "webhook__tenant"
    list_display = (
        "public_id",
        "event",
        "webhook",
        "state",
        "attempts_made",
        "due_at",
        "created_at",
    )
    list_filter = ("state",)
    list_select_related = ("event", "webhook")
    fields = (
        "public_id",
        "event",
        "webhook",
        as_typed("order_key"),
        "state",
        "due_at",
        "is_leased",
        "claim_number",
        "attempts_made",
        "is_test",
        "is_replay",
        "recovery",
        "created_at",
        "ended_at",
    )
