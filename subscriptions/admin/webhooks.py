from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from subscriptions.admin.scoping import (
    ReadOnlyAdmin,
    TenantScopedAdmin,
    as_typed,
)
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

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Nobody needs the raw row: it leads to the webhook's own pages."""
        webhook = self.get_object(request, unquote(object_id))
        if webhook is None:
            raise Http404
        return redirect("admin:webhook", webhook.public_id)

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
        return ", ".join(webhook.event_names)

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
