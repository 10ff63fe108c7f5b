"""Where the link of a mail leads: an incident, and the deliveries it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from deliveries.logs.delivery_status import DeliveryStatus, status_of
from deliveries.notifications.reading import deliveries_about, incident_of
from deliveries.pages.addresses import deliveries_url, delivery_url
from subscriptions.pages.base import Page
from subscriptions.roles import Right

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from deliveries.models import Delivery, Incident
    from subscriptions.models import Webhook
    from subscriptions.pages.base import Crumbs

SHOWN = 50


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """*href*: empty where the webhook has no pages any more."""

    delivery: Delivery
    webhook: Webhook
    status: DeliveryStatus
    href: str


class IncidentPage(Page):
    template_name = "webhooks/rules/incident.html"
    title = _("Incident")
    needs = {"get": Right.NOTIFY}

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        tenant = self.visitor.tenant
        incident = incident_of(token, tenant) if tenant and "\0" not in token else None
        if incident is None:
            raise Http404
        bodies = ("event__body", "event__body_with_previous", "event__full_body")
        about = deliveries_about(incident).select_related("event", "webhook")
        found = list(about.defer(*bodies)[: SHOWN + 1])
        return self.render(
            {
                "incident": incident,
                "rows": [_row(each) for each in found[:SHOWN]],
                "has_more": len(found) > SHOWN,
                "log": _log_of(incident),
            }
        )

    def crumbs(self) -> Crumbs:
        return [*super().crumbs(), (_("Notifications"), reverse("admin:rules"))]


def _row(delivery: Delivery) -> IncidentRow:
    webhook = delivery.webhook
    is_kept = webhook.deleted_at is None
    href = delivery_url(webhook, delivery.public_id) if is_kept else ""
    return IncidentRow(delivery, webhook, status_of(delivery), href)


def _log_of(incident: Incident) -> str:
    """The list of deliveries of its time; empty where it is of no webhook alone."""
    webhook: Any = incident.webhook or incident.rule.webhook
    if webhook is None or webhook.deleted_at:
        return ""
    return deliveries_url(webhook, since=incident.since, until=incident.until)
