from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from subscriptions.admin.scoping import (
    ReadOnlyAdmin,
    TenantScopedAdmin,
    as_typed,
    tenant_id_of,
)
from subscriptions.credentials import auth_type
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin, TenantScopedAdmin):
    list_display = (
        as_typed("name"),
        "tenant",
        "profile",
        as_typed("url"),
        "status",
        "disabled_reason",
        "failures",
        "event_types",
        "secret",
        "log",
    )
    list_filter = ("tenant", "status", "disabled_reason")
    search_fields = ("name", "url")
    fields = (
        "public_id",
        as_typed("name"),
        as_typed("description"),
        "tenant",
        "subsidiary",
        "profile",
        "authentication",
        as_typed("url"),
        "status",
        "disabled_reason",
        "disabled_at",
        as_typed("verification_error"),
        "verified_at",
        "failures",
        "event_types",
        "wanted_of_these",
        "include_previous_attributes",
        "secret",
        "log",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
    )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The raw row is for the platform's staff; a tenant's people have a page."""
        webhook = self.get_object(request, object_id)
        if webhook is not None and tenant_id_of(request) is not None:
            return redirect("admin:webhook", webhook.public_id)
        return super().change_view(request, object_id, form_url, extra_context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        present: QuerySet[Any] = rows.present().for_display()
        return present

    @admin.display(description="failures in a row")
    def failures(self, webhook: Any) -> int:
        try:
            count: int = webhook.health.consecutive_failures
        except ObjectDoesNotExist:
            return 0
        return count

    @admin.display(description="subscribed to")
    def event_types(self, webhook: Webhook) -> str:
        return ", ".join(
            subscription.event_type.name for subscription in webhook.subscriptions.all()
        )

    @admin.display(description="filter")
    def wanted_of_these(self, webhook: Webhook) -> str:
        return json.dumps(webhook.filter, ensure_ascii=False) if webhook.filter else "-"

    @admin.display(description="authentication")
    def authentication(self, webhook: Webhook) -> str:
        return auth_type(webhook) or "signature"

    @admin.display(description="secret")
    def secret(self, webhook: Webhook) -> str:
        known = webhook.signing_secrets.all()
        return next((str(row) for row in known if row.expires_at is None), "")

    @admin.display(description="delivery log")
    def log(self, webhook: Webhook) -> str:
        address = reverse("admin:deliveries_attempt_changelist")
        return format_html(
            '<a href="{}?webhook__id__exact={}">Log</a>', address, webhook.pk
        )
