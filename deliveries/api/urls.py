"""The routes of logs, health, tests and events, below a version of the API."""

from __future__ import annotations

from django.urls import path

from deliveries.api.events import EventBatchView, EventsView
from deliveries.api.health import HealthView
from deliveries.api.log_export import LogExportViewSet
from deliveries.api.logs import DeliveryLogViewSet
from deliveries.api.tests import TestView

log = DeliveryLogViewSet.as_view({"get": "list"})
log_export = LogExportViewSet.as_view({"get": "export"})
log_entry = DeliveryLogViewSet.as_view({"get": "retrieve"})

urlpatterns = [
    path("webhooks/<str:webhook_id>/delivery-logs", log),
    path("webhooks/<str:webhook_id>/delivery-logs/export", log_export),
    path("webhooks/<str:webhook_id>/delivery-logs/<str:log_id>", log_entry),
    path("webhooks/<str:webhook_id>/health", HealthView.as_view()),
    path("webhooks/<str:webhook_id>/test", TestView.as_view()),
    path("events", EventsView.as_view()),
    path("events/batch", EventBatchView.as_view()),
]
