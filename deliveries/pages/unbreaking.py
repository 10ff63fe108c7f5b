"""Start a broken webhook again, with what it missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from deliveries.breaking import unbreak
from deliveries.recovery import RecoveryIsRunning
from subscriptions.clock import database_time
from subscriptions.pages.base import WebhookPage
from subscriptions.roles import Right
from subscriptions.spoken import spoken

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class UnbreakWebhook(WebhookPage):
    needs = {"post": Right.MANAGE}
    http_method_names = ["post"]

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        try:
            begun = unbreak(self.webhook, origin=self.origin, now=database_time())
        except RecoveryIsRunning as error:
            messages.error(request, spoken(error))
            return redirect(self.url_of("webhook"))
        if begun:
            told = _("The webhook is active again; what it missed is being sent.")
            messages.success(request, told)
        else:
            messages.info(request, _("The webhook is not broken."))
        return redirect(self.url_of("webhook"))
