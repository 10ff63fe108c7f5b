"""The address of a webhook itself leads to the first of its tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect

from subscriptions.models import Webhook
from subscriptions.pages.tabs import tabs_of
from subscriptions.pages.visitor import visitor_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def first_tab(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """The first that the visitor may see; the list, should there be none."""
    visitor = visitor_of(request)
    try:
        webhook = visitor.webhooks().by_public_id(webhook_id)
    except Webhook.DoesNotExist:
        raise Http404 from None
    tabs = tabs_of(webhook, chosen="", rights=visitor.rights)
    return redirect(tabs[0].href if tabs else "admin:webhooks")
