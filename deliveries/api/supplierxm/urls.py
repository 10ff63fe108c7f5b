"""The routes of the SupplierXM dialect, below `/rfp/public/v1/`."""

from __future__ import annotations

from django.urls import path

from deliveries.api.supplierxm.views import EventsView, UnbreakView, WebhookView

urlpatterns = [
    path("webhooks_events", EventsView.as_view()),
    path("webhook", WebhookView.as_view()),
    path("webhooks/<str:uuid>/unbreak", UnbreakView.as_view()),
]
