"""Try the filter of a form that is not saved yet on the events of late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliveries.filter_previews import preview_filter
from subscriptions.filters import BadFilter
from subscriptions.pages.new_webhook import NewWebhookPage
from subscriptions.pages.webhook_settings import WebhookSettingsPage

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from deliveries.filter_previews import Preview
    from subscriptions.models import Subsidiary
    from subscriptions.pages.webhook_form import WebhookForm

PART = "webhooks/filter_trial.html"
CONCERNED = {"filter", "events", "subsidiary"}


class TrialForNew(NewWebhookPage):
    """Without a script the whole form comes back, with what was entered."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        trial = _tried(form, _subsidiary_of(form))
        if self.is_partial:
            return self.render(
                {"form": form, "trial": trial, "is_partial": True}, template=PART
            )
        return self.showing(form, trial=trial)


class TrialForSettings(WebhookSettingsPage):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        form = self.form(request.POST)
        trial = _tried(form, self.webhook.subsidiary)
        if self.is_partial:
            return self.render(
                {"form": form, "trial": trial, "is_partial": True}, template=PART
            )
        return self.showing(form, trial=trial)


def _subsidiary_of(form: WebhookForm) -> Subsidiary | None:
    form.full_clean()
    found: Subsidiary | None = form.cleaned_data.get("subsidiary")
    return found


def _tried(form: WebhookForm, subsidiary: Subsidiary | None) -> Preview | None:
    """None where it is refused; the form says why."""
    for name in set(form.errors) - CONCERNED:
        # Of what is not asked yet, nothing is said yet.
        del form.errors[name]
    if form.errors or subsidiary is None:
        return None
    events = form.cleaned_data["events"]
    try:
        return preview_filter(subsidiary, form.cleaned_data["filter"], events=events)
    except BadFilter as refusal:
        form.refuse(refusal)
    return None
