from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

from webhooks_project.kept_connections import trust_what_was_used_just_now


class WebhooksProjectConfig(AppConfig):
    """The composition root: commands and static files of the whole product."""

    name = "webhooks_project"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        trust_what_was_used_just_now()


class WebhooksAdminConfig(AdminConfig):
    default_site = "webhooks_project.admin_site.WebhooksAdminSite"
