from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from deliveries.admin.facts import FactAdmin, as_text
from deliveries.models import Attempt
from subscriptions.admin.scoping import as_typed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.http import HttpRequest

LARGE = ("request_headers", "response_headers", "response_body")


@admin.register(Attempt)
class AttemptAdmin(FactAdmin):
    tenant_path = "webhook__tenant"
    list_display = (
        "public_id",
        "webhook",
        "event_type",
        "status",
        "status_code",
        "duration_ms",
        "started_at",
    )
    list_filter = ("status",)
    list_select_related = ("webhook", "delivery")
    fields = (
        "public_id",
        "delivery",
        "webhook",
        "event_type",
        "number",
        "is_test",
        "status",
        "status_code",
        "error_kind",
        as_typed("error_message"),
        "started_at",
        "duration_ms",
        "dns_ms",
        "connect_ms",
        "tls_ms",
        "wait_ms",
        as_typed("url"),
        "remote_address",
        "sent_headers",
        "sent_body",
        "received_headers",
        "received_body",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer(*LARGE)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # Of one webhook: in the order of the index that knows webhooks.
        if "webhook__id__exact" in request.GET:
            return ("-started_at", "-id")
        return ("-id",)

    @admin.display(description="request headers")
    def sent_headers(self, attempt: Attempt) -> str:
        return _lines(dict(attempt.request_headers).items())

    @admin.display(description="request body")
    def sent_body(self, attempt: Attempt) -> str:
        event = attempt.delivery.event
        return event.payload_note or as_text(event.body_for(attempt.webhook))

    @admin.display(description="response headers")
    def received_headers(self, attempt: Attempt) -> str:
        return _lines(attempt.response_headers)

    @admin.display(description="response body")
    def received_body(self, attempt: Attempt) -> str:
        note = attempt.delivery.event.payload_note
        return note or as_text(attempt.response_body)


def _lines(headers: Iterable[tuple[str, str]]) -> str:
    return as_text("\n".join(f"{name}: {value}" for name, value in headers))
