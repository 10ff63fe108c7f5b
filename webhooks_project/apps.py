from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class WebhooksProjectConfig(AppConfig):
    """The composition root: commands and static files of the whole product."""

    name = "webhooks_project"
    verbose_name = "Webhooks"


class WebhooksAdminConfig(AdminConfig):
    default_site = "webhooks_project.admin_site.WebhooksAdminSite"
