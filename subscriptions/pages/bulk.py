"""The same act for several webhooks of the list at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from subscriptions.clock import database_time
from subscriptions.identifiers import NotAnIdentifier, decode
from subscriptions.models import Webhook
from subscriptions.pages.acts import ReasonForm
from subscriptions.pages.base import Page
from subscriptions.roles import Right
from subscriptions.webhooks import disable_webhook, enable_webhook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from subscriptions.pages.base import Crumbs

MAX_AT_ONCE = 500


class BulkAct(Page):
    """Disabling asks first, naming them; ids that nobody may see are left out."""

    template_name = "webhooks/bulk_disable.html"
    title = _("Disable webhooks")
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        act = request.POST.get("act")
        chosen = self._chosen()
        if not chosen:
            messages.warning(request, _("No webhook was chosen."))
            return redirect("admin:webhooks")
        self._refuse_without(Right.MANAGE if act == "enable" else Right.DISABLE)
        return self._enabled(chosen) if act == "enable" else self._disabled(chosen)

    def _refuse_without(self, right: Right) -> None:
        if right not in self.visitor.rights:
            raise PermissionDenied

    def _chosen(self) -> list[Webhook]:
        uids = _uids(self.request.POST.getlist("webhook")[:MAX_AT_ONCE])
        rows = self.visitor.webhooks().filter(uid__in=list(uids))
        return list(rows.select_related("tenant").order_by("name", "pk"))

    def _enabled(self, webhooks: list[Webhook]) -> HttpResponse:
        for webhook in webhooks:
            enable_webhook(webhook, origin=self.origin)
        told = ngettext(
            "%d webhook is enabled.", "%d webhooks are enabled.", len(webhooks)
        )
        messages.success(self.request, told % len(webhooks))
        return redirect("admin:webhooks")

    def _disabled(self, webhooks: list[Webhook]) -> HttpResponse:
        is_asked = "confirmed" not in self.request.POST
        data: Any = None if is_asked else self.request.POST
        form = ReasonForm(data, is_needed=self.visitor.is_support)
        if not form.is_valid():
            return self._asking(webhooks, form)
        for webhook in webhooks:
            disable_webhook(
                webhook.pk,
                reason=Webhook.DisabledReason.MANUAL,
                now=database_time(),
                origin=self.origin,
                note=form.cleaned_data["note"],
            )
        told = ngettext(
            "%d webhook is disabled.", "%d webhooks are disabled.", len(webhooks)
        )
        messages.success(self.request, told % len(webhooks))
        return redirect("admin:webhooks")

    def _asking(self, webhooks: list[Webhook], form: ReasonForm) -> HttpResponse:
        return self.render(
            {
                "form": form,
                "webhooks": webhooks,
                "base": "skin/page.html",
                "back": reverse("admin:webhooks"),
            }
        )

    def crumbs(self) -> Crumbs:
        return [*super().crumbs(), (_("Webhooks"), reverse("admin:webhooks"))]


def _uids(public_ids: Iterable[str]) -> Iterator[UUID]:
    for each in public_ids:
        try:
            yield decode("whk", each)
        except NotAnIdentifier:
            continue
