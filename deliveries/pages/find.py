"""Where an id leads that somebody has at hand: out of a log, a mail, a payload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from deliveries.logs.named import delivery_named, events_named
from deliveries.models import Delivery
from deliveries.pages.addresses import delivery_url, event_url
from subscriptions.models import Tenant, Webhook
from subscriptions.pages.base import Page

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

SHOWN = 50
LONGEST = 200


class FindPage(Page):
    """Goes to the webhook, the delivery or the event of that id.

    Another tenant's ids are as unknown as those that nobody has. Several tenants may
    have an event of the same id: their support chooses.
    """

    template_name = "webhooks/find.html"
    title = _("Find by ID")

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("q", "").strip().replace("\0", "")[:LONGEST]
        webhooks = self.visitor.webhooks()
        try:
            webhook = webhooks.by_public_id(asked)
        except Webhook.DoesNotExist:
            pass
        else:
            return redirect("admin:webhook", webhook.public_id)
        try:
            delivery = delivery_named(asked, webhooks=webhooks)
        except Delivery.DoesNotExist:
            return self._events(asked)
        return redirect(delivery_url(delivery.webhook, delivery.public_id))

    def _events(self, asked: str) -> HttpResponse:
        named = events_named(asked, tenants=self._tenants())
        found = list(named[:SHOWN]) if asked else []
        if len(found) == 1:
            return redirect(event_url(found[0], self.visitor))
        rows = [(each, event_url(each, self.visitor)) for each in found]
        return self.render({"asked": asked, "rows": rows})

    def _tenants(self) -> QuerySet[Tenant]:
        tenant = self.visitor.tenant
        return Tenant.objects.filter(pk=tenant.pk) if tenant else Tenant.objects.all()
