"""What a webhook is: its name, its URL, its events; and what ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from subscriptions.credentials import auth_of, chooses_auth
from subscriptions.pages.base import WebhookPage
from subscriptions.pages.webhook_form import WebhookForm, event_types_of
from subscriptions.profiles import profile as profile_named
from subscriptions.refusals import Refusal
from subscriptions.revisions import RevisionMismatch
from subscriptions.roles import Right
from subscriptions.signature_tokens import readable_tokens
from subscriptions.webhooks import update_webhook

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class WebhookSettingsPage(WebhookPage):
    template_name = "webhooks/settings.html"
    tab = "webhook_settings"
    needs = {"get": Right.MANAGE, "post": Right.MANAGE}

    def get(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        return self.showing(self.form(initial=self._initial()))

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid() or not self._is_saved(form):
            return self.showing(form)
        messages.success(request, _("Saved."))
        return redirect(self.url_of("webhook_settings"))

    def _is_saved(self, form: WebhookForm) -> bool:
        """False when it was refused; the form says why."""
        try:
            update_webhook(
                self.webhook,
                changes=form.wanted,
                updated_by=self.visitor.user.get_username(),
                if_match=self.request.POST.get("etag"),
                origin=self.origin,
            )
        except Refusal as refusal:
            form.refuse(refusal)
        except RevisionMismatch:
            form.add_error(None, _("Somebody has changed this webhook since; reload."))
        return not form.errors

    def _initial(self) -> dict[str, Any]:
        names = self.webhook.subscriptions.values_list("event_type__name", flat=True)
        return {
            "name": self.webhook.name,
            "url": self.webhook.url,
            "description": self.webhook.description,
            "events": list(names),
            "include_previous_attributes": self.webhook.include_previous_attributes,
            "filter": self.webhook.filter,
            "signature_token": readable_tokens([self.webhook.pk])[self.webhook.pk],
        }

    def form(self, *data: Any, **options: Any) -> WebhookForm:
        name = self.webhook.profile
        if chooses_auth(name):
            options["kept_auth"] = auth_of(self.webhook)
        return WebhookForm(
            *data,
            profile=profile_named(name),
            event_types=event_types_of(name, webhook=self.webhook),
            **options,
        )

    def showing(self, form: WebhookForm, **more: Any) -> HttpResponse:
        return self.render({"form": form} | more)
