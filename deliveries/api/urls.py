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
from deliveries.api.rules import IncidentViewSet, RuleTestView, RuleViewSet
from deliveries.api.tests import TestView

log = DeliveryLogViewSet.as_view({"get": "list"})
log_export = LogExportViewSet.as_view({"get": "export"})
log_entry = DeliveryLogViewSet.as_view({"get": "retrieve"})
recoveries = RecoveryViewSet.as_view({"get": "list"})
recovery = RecoveryViewSet.as_view({"get": "retrieve"})
rules = RuleViewSet.as_view({"get": "list", "post": "create"})
rule = RuleViewSet.as_view({"get": "retrieve", "put": "update", "delete": "destroy"})
ready_made_rules = RuleViewSet.as_view({"get": "ready_made"})
incidents = IncidentViewSet.as_view({"get": "list"})
incident = IncidentViewSet.as_view({"get": "retrieve"})
cancel_recovery = RecoveryViewSet.as_view({"post": "cancel"})

urlpatterns = [
    path("events", EventsView.as_view()),
    path("events/batch", EventBatchView.as_view()),
    path("events/<str:event_id>", EventView.as_view()),
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
    path("notification-rules", rules),
    path("notification-rules/ready-made", ready_made_rules),
    path("notification-rules/<str:rule_id>", rule),
    path("notification-rules/<str:rule_id>/test", RuleTestView.as_view()),
    path("notification-rules/<str:rule_id>/incidents", incidents),
    path("notification-rules/<str:rule_id>/incidents/<str:incident_id>", incident),
]
