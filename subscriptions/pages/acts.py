"""What can be done to a webhook from any of its pages: enable, verify, disable, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from subscriptions.clock import database_time
from subscriptions.models import Webhook
from subscriptions.pages.asking import WebhookAct
from subscriptions.pages.base import WebhookPage
from subscriptions.roles import Right
from subscriptions.sessions import recently_confirmed
from subscriptions.spoken import spoken
from subscriptions.webhooks import (
    NothingToVerify,
    delete_webhook,
    disable_webhook,
    enable_webhook,
    request_verification,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse


class EnableWebhook(WebhookPage):
    needs = {"post": Right.MANAGE}
    http_method_names = ["post"]

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        webhook = enable_webhook(self.webhook, origin=self.origin)
        told = _("The URL is being verified; events follow then.")
        if webhook.is_active:
            told = _("%s is active.") % webhook
        messages.success(request, told)
        return redirect(self.url_of("webhook"))


class VerifyWebhook(WebhookPage):
    needs = {"post": Right.MANAGE}
    http_method_names = ["post"]

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        try:
            request_verification(self.webhook, origin=self.origin)
        except NothingToVerify as error:
            messages.error(request, spoken(error))
        else:
            messages.success(request, _("The URL is being verified."))
        return redirect(self.url_of("webhook"))


class ReasonForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, is_needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = is_needed


class DisableWebhook(WebhookAct):
    """The platform's support says why: the tenant reads it in the banner."""

    template_name = "webhooks/disable.html"
    title = gettext_lazy("Disable webhook")
    needs = {"get": Right.DISABLE, "post": Right.DISABLE}

    def question(self) -> Mapping[str, Any]:
        return {"form": ReasonForm(is_needed=self.visitor.is_support)}

    def post(self, request: HttpRequest, **ids: str) -> HttpResponse:
        form = ReasonForm(request.POST, is_needed=self.visitor.is_support)
        if not form.is_valid():
            return self.render({"form": form})
        disable_webhook(
            self.webhook.pk,
            reason=Webhook.DisabledReason.MANUAL,
            now=database_time(),
            origin=self.origin,
            note=form.cleaned_data["note"],
        )
        messages.success(request, _("%s is disabled.") % self.webhook)
        return redirect(self.after())


@method_decorator(recently_confirmed, name="post")
class DeleteWebhook(WebhookAct):
    template_name = "webhooks/delete.html"
    title = gettext_lazy("Delete webhook")
    needs = {"get": Right.DELETE, "post": Right.DELETE}

    def post(self, request: HttpRequest, **ids: str) -> HttpResponse:
        if request.POST.get("name", "").strip() != self.webhook.name:
            error = _("This is not the name of the webhook.")
            return self.render({"error": error})
        delete_webhook(self.webhook, origin=self.origin)
        messages.success(request, _("%s is deleted.") % self.webhook)
        return redirect(reverse("admin:webhooks"))
