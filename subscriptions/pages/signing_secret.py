"""What signs a webhook's requests: shown masked, revealed on request, rotated."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from subscriptions.clock import database_time
from subscriptions.models import SignatureToken, SigningSecret
from subscriptions.pages.asking import WebhookAct
from subscriptions.pages.base import WebhookPage
from subscriptions.pages.verification_code import snippets
from subscriptions.profiles import profile as profile_named
from subscriptions.roles import Right
from subscriptions.sessions import recently_confirmed
from subscriptions.signing_secrets import (
    end_grace,
    has_secret,
    reveal_secret,
    rotate_secret,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

OVERLAPS = {
    "24": gettext_lazy("After 24 hours"),
    "1": gettext_lazy("After 1 hour"),
    "0": gettext_lazy("Now"),
}
# A revealed secret is hidden again after so many seconds.
SHOWN_FOR = 60


# No-store also keeps a page with a revealed secret from coming back by "Back".
@method_decorator(never_cache, name="dispatch")
class SecretPage(WebhookPage):
    """Asked by htmx, it answers with the masked secret alone."""

    template_name = "webhooks/secret/page.html"
    title = gettext_lazy("Signing secret")
    tab = "webhook_secret"
    needs = {"get": Right.MANAGE, "post": Right.SECRETS}

    def get(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        if self.is_partial:
            return self.render(self.secret(), template="webhooks/secret/value.html")
        return self.render(self.everything())

    def everything(self) -> dict[str, Any]:
        signature = profile_named(self.webhook.profile).signature
        return self.secret() | {
            "signature": signature.name,
            "previous": self.previous(),
            "snippets": snippets() if has_secret(self.webhook) else [],
            "has_token": SignatureToken.objects.filter(webhook=self.webhook).exists(),
            # Of profiles whose customers choose: no credentials, no authentication.
            "credentials": getattr(self.webhook, "credentials", None),
        }

    def secret(self) -> dict[str, Any]:
        mine = SigningSecret.objects.filter(webhook=self.webhook)
        return {"secret": mine.current().first(), "shown_for": SHOWN_FOR}

    def previous(self) -> SigningSecret | None:
        mine = SigningSecret.objects.filter(webhook=self.webhook)
        found: SigningSecret | None = mine.in_grace(database_time()).first()
        return found


@method_decorator(recently_confirmed, name="post")
class RevealSecret(SecretPage):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        if not has_secret(self.webhook):
            raise Http404
        clear = {"clear": reveal_secret(self.webhook, origin=self.origin)}
        if self.is_partial:
            part = "webhooks/secret/value.html"
            return self.render(self.secret() | clear, template=part)
        return self.render(self.everything() | clear)


class RotationForm(forms.Form):
    overlap = forms.ChoiceField(choices=list(OVERLAPS.items()))


class SecretAct(WebhookAct):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not has_secret(self.webhook):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def after(self) -> str:
        return self.url_of("webhook_secret")


@method_decorator(recently_confirmed, name="post")
class RotateSecret(SecretAct):
    template_name = "webhooks/secret/rotate.html"
    title = gettext_lazy("Rotate signing secret")
    needs = {"get": Right.SECRETS, "post": Right.SECRETS}

    def question(self) -> Mapping[str, Any]:
        return {"overlaps": OVERLAPS, "chosen": "24"}

    def post(self, request: HttpRequest, **ids: str) -> HttpResponse:
        form = RotationForm(request.POST)
        if not form.is_valid():
            error = _("Choose when the previous secret stops working.")
            return self.render({**self.question(), "error": error})
        rotate_secret(
            self.webhook,
            grace=timedelta(hours=int(form.cleaned_data["overlap"])),
            now=database_time(),
            origin=self.origin,
        )
        done = _(
            "The secret is rotated. Reveal the new one and give it to your server."
        )
        messages.success(request, done)
        return redirect(self.after())


@method_decorator(recently_confirmed, name="post")
class EndGrace(SecretAct):
    template_name = "webhooks/secret/end.html"
    title = gettext_lazy("End the overlap now")
    needs = {"get": Right.SECRETS, "post": Right.SECRETS}

    def act(self) -> str:
        if end_grace(self.webhook, now=database_time(), origin=self.origin):
            return _("The previous secret signs no more.")
        return _("The overlap had ended already.")
