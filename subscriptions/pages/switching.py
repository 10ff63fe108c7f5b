"""The subsidiary whose webhooks a person sees and manages, until they choose another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from subscriptions.pages.visitor import CHOSEN, visitor_of
from subscriptions.sessions import local_path

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_POST
def choose_subsidiary(request: HttpRequest) -> HttpResponse:
    """An unknown code, as the empty one, chooses all of them."""
    code = request.POST.get("subsidiary", "")
    known = {each.code for each in visitor_of(request).subsidiaries}
    request.session[CHOSEN] = code if code in known else None
    return redirect(local_path(request.POST.get("next", "")))
