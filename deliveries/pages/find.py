"""Where an id leads that somebody has at hand: out of a log, a mail, a payload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from deliveries.logs.delivery_status import status_of
from deliveries.logs.named import deliveries_named
from deliveries.pages.addresses import delivery_url
from subscriptions.models import Webhook
from subscriptions.pages.base import Page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from deliveries.models import Delivery

SHOWN = 50
LONGEST = 200
BODIES = ("event__body", "event__body_with_previous", "event__full_body")


class FindPage(Page):
    """Goes to the webhook or delivery of that id; of an event, to its deliveries.

    Another tenant's ids are as unknown as those that nobody has.
    """

    template_name = "webhooks/find.html"
    title = _("Find by ID")

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("q", "").strip().replace("\0", "")[:LONGEST]
        try:
            webhook = self.visitor.webhooks().by_public_id(asked)
        except Webhook.DoesNotExist:
            return self._deliveries(asked)
        return redirect("admin:webhook", webhook.public_id)

    def _deliveries(self, asked: str) -> HttpResponse:
        named = deliveries_named(asked, webhooks=self.visitor.webhooks())
        found = list(named.defer(*BODIES)[: SHOWN + 1]) if asked else []
        if len(found) == 1:
            return redirect(_address(found[0]))
        return self.render(
            {
                "asked": asked,
                "rows": [(e, status_of(e), _address(e)) for e in found[:SHOWN]],
                "has_more": len(found) > SHOWN,
            }
        )


def _address(delivery: Delivery) -> str:
    return delivery_url(delivery.webhook, delivery.public_id)
