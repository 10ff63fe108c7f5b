"""The admin: where staff and tenant admins log in."""

from __future__ import annotations

from django.contrib.admin import AdminSite


class WebhooksAdminSite(AdminSite):
    site_title = site_header = "Webhooks"
    index_title = "Settings"
