"""What asks before it acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect

from subscriptions.pages.base import Page, WebhookPage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse


class Act(Page):
    """Asks first, by GET: in a dialog, or on a page of its own; acts by POST.

    Stands before the page whose subject it is about. Its template extends
    `skin/confirm.html`; the link to it has ``data-dialog``.
    """

    def page_context(self) -> dict[str, Any]:
        return super().page_context() | {
            "base": "skin/dialog.html" if self.is_partial else "skin/page.html",
            "back": self.back(),
        }

    def get(self, request: HttpRequest, **ids: str) -> HttpResponse:
        return self.render(self.question())

    def post(self, request: HttpRequest, **ids: str) -> HttpResponse:
        messages.success(request, str(self.act()))
        return redirect(self.after())

    def question(self) -> Mapping[str, Any]:
        """What the template says besides."""
        return {}

    def act(self) -> Any:
        """Do it; the answer is the sentence that tells so."""
        raise NotImplementedError

    def after(self) -> str:
        """Where to go then."""
        raise NotImplementedError

    def back(self) -> str:
        """Where to go instead."""
        return self.after()


class WebhookAct(Act, WebhookPage):
    def after(self) -> str:
        return self.url_of("webhook")
