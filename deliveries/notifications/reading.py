"""What pages and the API show of incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from deliveries.models import Incident
from deliveries.notifications.incidents import people_of
from deliveries.notifications.matching import matching_deliveries
from deliveries.notifications.measuring import reading_of
from deliveries.notifications.watching import watched_now
from deliveries.policy.notification_rules import Kind, Window

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.models import NotificationRule
    from deliveries.models.deliveries import DeliveryQuerySet
    from deliveries.models.incidents import IncidentQuerySet
    from subscriptions.models import Tenant, Webhook


def open_incidents(
    tenant: Tenant, *, webhook: Webhook | None = None
) -> IncidentQuerySet:
    """The newest first; with a *webhook*, those that are about it alone."""
    mine: IncidentQuerySet = Incident.objects.of(tenant).open()
    if webhook is not None:
        mine = mine.filter(Q(webhook=webhook) | Q(rule__webhook=webhook))
    return mine.select_related("rule", "webhook").order_by("-pk")


def incident_of(token: str, tenant: Tenant) -> Incident | None:
    """Another tenant's token is as unknown as one that nobody has."""
    mine = Incident.objects.of(tenant).filter(token=token)
    related = ("rule__tenant", "rule__subsidiary", "rule__webhook", "webhook")
    found: Incident | None = mine.select_related(*related).first()
    return found


def deliveries_about(incident: Incident) -> DeliveryQuerySet:
    """As its rule reads now; the window is that of the moment at which it opened."""
    window = Window(incident.since, incident.until)
    found = matching_deliveries(incident.rule, window, webhook_id=incident.webhook_id)
    return found.order_by("-pk")


def incidents_of(rule: NotificationRule) -> IncidentQuerySet:
    """The newest first, with all that the API shows."""
    related = ("rule__tenant", "rule__subsidiary", "rule__webhook", "webhook")
    mine: IncidentQuerySet = Incident.objects.filter(rule=rule)
    return mine.select_related(*related).order_by("-pk")


def log_filter_of(incident: Incident) -> dict[str, Any]:
    """Parameters for a delivery log. Without a webhook: of each of the tenant's."""
    webhook = incident.webhook or incident.rule.webhook
    return {
        "WebhookId": webhook.public_id if webhook else None,
        "StartDate": incident.since,
        "EndDate": incident.until,
        "Status": incident.rule.statuses,
        "EventType": incident.rule.event_types,
    }


def dry_run(rule: NotificationRule, *, now: datetime) -> dict[str, Any]:
    """What an evaluation would find, in the words of the API. Nothing comes of it."""
    found = (
        reading_of(rule, now=now)
        if rule.kind in Kind.measured()
        else watched_now(rule, now=now)
    )
    return {
        "Value": found.value,
        "Threshold": found.threshold,
        "WouldTrigger": found.hits,
        "Recipients": people_of(rule).count(),
    }
