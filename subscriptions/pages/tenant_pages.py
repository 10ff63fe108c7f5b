"""What pages begin with that are about a tenant itself, and not about a webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect

from subscriptions.pages.base import Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

    from subscriptions.models import Tenant


class TenantPage(Page):
    """A page of the visitor's own tenant; the platform's staff has none: 403."""

    @property
    def tenant(self) -> Tenant:
        if self.visitor.tenant is None:
            raise PermissionDenied
        return self.visitor.tenant


class TenantAct(TenantPage):
    """Asks first, by GET: in a dialog, or on a page of its own; acts by POST.

    Its template extends `skin/confirm.html`. The link to it has ``data-dialog``.
    """

    def page_context(self) -> dict[str, Any]:
        return super().page_context() | {
            "base": "skin/dialog.html" if self.is_partial else "skin/page.html",
            "back": self.after(),
        }

    def get(self, request: HttpRequest, **ids: str) -> HttpResponse:
        return self.render(self.question())

    def post(self, request: HttpRequest, **ids: str) -> HttpResponse:
        messages.success(request, str(self.act()))
        return redirect(self.after())

    def question(self) -> Mapping[str, Any]:
        """What the template says."""
        raise NotImplementedError

    def act(self) -> Any:
        """Do it; the answer is the sentence that tells so."""
        raise NotImplementedError

    def after(self) -> str:
        """Where to go then; also where from."""
        raise NotImplementedError
