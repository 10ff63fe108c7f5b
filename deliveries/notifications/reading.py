"""What pages and the API show of incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliveries.models import Delivery, Incident
from deliveries.notifications.measuring import matching_deliveries
from deliveries.policy.rules import Window

if TYPE_CHECKING:
    from deliveries.models.deliveries import DeliveryQuerySet
    from deliveries.models.incidents import IncidentQuerySet
    from subscriptions.models import Tenant


def open_incidents(tenant: Tenant) -> IncidentQuerySet:
    """For a note on the dashboard; the newest first."""
    mine: IncidentQuerySet = Incident.objects.of(tenant).open()
    return mine.select_related("rule", "webhook").order_by("-pk")


def incident_of(token: str, tenant: Tenant) -> Incident | None:
    """Another tenant's token is as unknown as one that nobody has."""
    mine = Incident.objects.of(tenant).filter(token=token)
    related = ("rule__tenant", "rule__subsidiary", "rule__webhook", "webhook")
    found: Incident | None = mine.select_related(*related).first()
    return found


def deliveries_of_incident(token: str, tenant: Tenant) -> DeliveryQuerySet:
    """The deliveries that the incident is about; of an unknown token, none."""
    incident = incident_of(token, tenant)
    if incident is None:
        nothing: DeliveryQuerySet = Delivery.objects.none()
        return nothing
    return deliveries_about(incident)


def deliveries_about(incident: Incident) -> DeliveryQuerySet:
    """As its rule reads now; the window is that of the moment at which it opened."""
    window = Window(incident.since, incident.until)
    found = matching_deliveries(incident.rule, window, webhook_id=incident.webhook_id)
    return found.order_by("-pk")
