"""The routes of webhooks, below a version of the API."""

from __future__ import annotations

from django.urls import path

from subscriptions.api.audit import AuditEventsView, AuditExportView
from subscriptions.api.event_types import EventTypesView
from subscriptions.api.views import WebhookViewSet

webhooks = WebhookViewSet.as_view({"get": "list", "post": "create"})
webhook = WebhookViewSet.as_view(
    {"get": "retrieve", "put": "update", "delete": "destroy"}
)
enable = WebhookViewSet.as_view({"post": "enable"})
disable = WebhookViewSet.as_view({"post": "disable"})
verify = WebhookViewSet.as_view({"post": "verify"})
rotate_secret = WebhookViewSet.as_view({"post": "rotate_secret"})
reveal_secret = WebhookViewSet.as_view({"post": "reveal_secret"})

urlpatterns = [
    path("audit-events", AuditEventsView.as_view()),
    path("audit-events/export", AuditExportView.as_view()),
    path("webhooks", webhooks),
    path("webhooks/event-types", EventTypesView.as_view()),
    path("webhooks/<str:webhook_id>", webhook),
    path("webhooks/<str:webhook_id>/enable", enable),
    path("webhooks/<str:webhook_id>/disable", disable),
    path("webhooks/<str:webhook_id>/verify", verify),
    path("webhooks/<str:webhook_id>/rotate-secret", rotate_secret),
    path("webhooks/<str:webhook_id>/reveal-secret", reveal_secret),
]
