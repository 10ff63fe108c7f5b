"""The whole route table."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from deliveries.api.supplierxm.views import UnbreakView
from deliveries.pages.inbox import take_in
from subscriptions.api.tokens import TokenView
from webhooks_project.health import livez, readyz
from webhooks_project.metrics.page import metrics
from webhooks_project.openapi import DocumentView
from webhooks_project.reference import reference

# The published documents use all of these; the first one is canonical.
BASES = ("api/p/v3/", "api/p/v1/", "api/p/v1.0/", "p/v3/", "p/v1/", "p/v1.0/")

api: list[URLPattern | URLResolver] = [
    path("openapi.json", DocumentView.as_view()),
    # Events first: nothing is asked for as often, and routes are tried in their order.
    path("", include("deliveries.api.urls")),
    path("", include("subscriptions.api.urls")),
]

urlpatterns = [
    *(path(base, include(api)) for base in BASES),
    re_path(r"^api/docs/?$", reference, name="reference"),
    path("rfp/public/v1/", include("deliveries.api.supplierxm.urls")),
    # As one page of the reference has it.
    path("v1/webhooks/<str:uuid>/unbreak", UnbreakView.as_view()),
    path("oauth/token", TokenView.as_view()),
    path("inbox/<token>", take_in),
    path("livez", livez),
    path("readyz", readyz),
    path("metrics", metrics),
    path("admin/", admin.site.urls),
    # People type the host alone.
    path("", RedirectView.as_view(pattern_name="admin:index")),
]
