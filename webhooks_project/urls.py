"""The whole route table."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from webhooks_project.health import livez, readyz

urlpatterns = [
    path("livez", livez),
    path("readyz", readyz),
    path("admin/", admin.site.urls),
]
