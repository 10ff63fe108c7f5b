"""Delete incidents that were resolved long ago, and deleted rules that have none left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from deliveries.models import Incident, NotificationRule

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.models.incidents import IncidentQuerySet


def expired_incidents(tenant_id: int, before: datetime) -> IncidentQuerySet:
    rows: IncidentQuerySet = Incident.objects.filter(
        rule__tenant=tenant_id, resolved_at__lt=before
    )
    return rows


@transaction.atomic(durable=True)
def purge_incidents(tenant_id: int, *, before: datetime, limit: int) -> int:
    """At most *limit*, with their notices; how many went."""
    oldest = expired_incidents(tenant_id, before).order_by("pk")
    keys = list(oldest.values_list("pk", flat=True)[:limit])
    Incident.objects.filter(pk__in=keys).delete()
    # A default rule stays, though deleted: else it would come back.
    empty = NotificationRule.objects.filter(
        tenant=tenant_id, deleted_at__lt=before, default_key="", incidents=None
    )
    rules = list(empty.order_by("pk").values_list("pk", flat=True)[:limit])
    NotificationRule.objects.filter(pk__in=rules).delete()
    return len(keys) + len(rules)
