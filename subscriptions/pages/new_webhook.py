"""A new webhook: one page, then its secret, this once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from subscriptions.catalogue import UnknownEventTypes, definitions_named
from subscriptions.pages.base import Page
from subscriptions.pages.webhook_form import NewWebhookForm, event_types_of
from subscriptions.profiles import all_profiles
from subscriptions.refusals import Refusal
from subscriptions.request_auth import signs_with_own_secret
from subscriptions.roles import Right
from subscriptions.webhooks import create_webhook

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from subscriptions.models import Tenant
    from subscriptions.pages.base import Crumbs
    from subscriptions.profiles import Profile
    from subscriptions.webhooks import NewWebhook


class NewWebhookPage(Page):
    """Its answer to a creation holds the secret, and nobody on the way may keep it."""

    template_name = "webhooks/new.html"
    title = _("Add webhook")
    needs = {"get": Right.MANAGE, "post": Right.MANAGE}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.showing(self.form(initial=self._initial()))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        created = self._created(form) if form.is_valid() else None
        if created is None:
            return self.showing(form)
        context = {
            "title": _("Webhook added"),
            "webhook": created.webhook,
            "profile": self.profile,
            "secret": created.secret if _is_used(form) else "",
        }
        answer = self.render(context, template="webhooks/created.html")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _created(self, form: NewWebhookForm) -> NewWebhook | None:
        """None when it was refused; the form says why."""
        try:
            return create_webhook(
                tenant=self._tenant,
                created_by=self.visitor.user.get_username(),
                profile=self.profile.name,
                origin=self.origin,
                **form.wanted,
            )
        except Refusal as refusal:
            form.refuse(refusal)
        return None

    @property
    def _tenant(self) -> Tenant:
        if self.visitor.tenant is None:
            # Support has no such right; this is for the reader and the type.
            raise LookupError
        return self.visitor.tenant

    @property
    def profile(self) -> Profile:
        """That of the address, or of its event; the default one for any other word."""
        known = all_profiles()
        asked = self.request.GET.get("profile") or self._profile_of_event()
        return next((each for each in known if each.name == asked), known[0])

    def _profile_of_event(self) -> str:
        event = self.request.GET.get("event", "")
        try:
            return definitions_named([event])[event].profile
        except UnknownEventTypes:
            return ""

    def _initial(self) -> dict[str, Any]:
        chosen = self.visitor.subsidiary
        return {
            "subsidiary": chosen.code if chosen else None,
            "events": self.request.GET.getlist("event"),
            "url": self.request.GET.get("url", ""),
        }

    def form(self, *data: Any, **options: Any) -> NewWebhookForm:
        return NewWebhookForm(
            *data,
            profile=self.profile,
            event_types=event_types_of(self.profile.name),
            subsidiaries=self.visitor.subsidiaries,
            **options,
        )

    def showing(self, form: NewWebhookForm, **more: Any) -> HttpResponse:
        context = {"form": form, "profile": self.profile, "profiles": all_profiles()}
        return self.render(context | more)

    def crumbs(self) -> Crumbs:
        return [*super().crumbs(), (_("Webhooks"), reverse("admin:webhooks"))]


def _is_used(form: NewWebhookForm) -> bool:
    """Whether the new webhook's requests are signed with its signing secret."""
    return form.auth is None or signs_with_own_secret(form.auth.auth)
