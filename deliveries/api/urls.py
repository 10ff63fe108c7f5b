"""The routes of logs, recoveries, health, tests and events, below a version of the API."""

from __future__ import annotations

from django.urls import path

from deliveries.api.events import EventBatchView, EventsView
from deliveries.api.filter_previews import FilterPreviewView
from deliveries.api.health import HealthView
from deliveries.api.log_export import LogExportViewSet
from deliveries.api.logs import DeliveryLogViewSet
from deliveries.api.polling import EventView
from deliveries.api.recoveries import RecoverView, RecoveryViewSet
from deliveries.api.replays import ReplayView
from deliveries.api.tests import TestView

log = DeliveryLogViewSet.as_view({"get": "list"})
log_export = LogExportViewSet.as_view({"get": "export"})
log_entry = DeliveryLogViewSet.as_view({"get": "retrieve"})
recoveries = RecoveryViewSet.as_view({"get": "list"})
recovery = RecoveryViewSet.as_view({"get": "retrieve"})
cancel_recovery = RecoveryViewSet.as_view({"post": "cancel"})

urlpatterns = [
    path("webhooks/<str:webhook_id>/delivery-logs", log),
    path("webhooks/<str:webhook_id>/delivery-logs/export", log_export),
    path("webhooks/<str:webhook_id>/delivery-logs/<str:log_id>", log_entry),
    path(
        "webhooks/<str:webhook_id>/delivery-logs/<str:log_id>/replay",
        ReplayView.as_view(),
    ),
    path("webhooks/<str:webhook_id>/recover", RecoverView.as_view()),
    path("webhooks/<str:webhook_id>/recoveries", recoveries),
    path("webhooks/<str:webhook_id>/recoveries/<str:recovery_id>", recovery),
    path(
        "webhooks/<str:webhook_id>/recoveries/<str:recovery_id>/cancel",
        cancel_recovery,
    ),
    path("webhooks/<str:webhook_id>/health", HealthView.as_view()),
    path("webhooks/<str:webhook_id>/preview-filter", FilterPreviewView.as_view()),
    path("webhooks/<str:webhook_id>/test", TestView.as_view()),
    path("events", EventsView.as_view()),
    path("events/batch", EventBatchView.as_view()),
    path("events/<str:event_id>", EventView.as_view()),
]
