"""What a webhook is: its name, its URL, its events; and what ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subscriptions.pages.base import WebhookPage
from subscriptions.roles import Right

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class WebhookSettingsPage(WebhookPage):
    template_name = "webhooks/settings.html"
    tab = "webhook_settings"
    needs = {"get": Right.MANAGE, "post": Right.MANAGE}

    def get(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        return self.render()
