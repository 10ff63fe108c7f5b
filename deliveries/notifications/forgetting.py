"""Delete incidents that were resolved long ago, and deleted rules that have none left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from deliveries.models import Incident, NotificationRule

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from deliveries.models.incidents import IncidentQuerySet


def expired_incidents(cutoffs: Mapping[int, datetime]) -> IncidentQuerySet:
    """*cutoffs*: by the tenant's key, since when its log is kept."""
    latest = max(cutoffs.values(), default=None)
    rows: IncidentQuerySet = Incident.objects.filter(resolved_at__lt=latest)
    own = Q(pk=None)
    for tenant_id in rows.order_by().values_list("rule__tenant", flat=True).distinct():
        # Of a tenant that was made meanwhile nothing has expired.
        if tenant_id in cutoffs:
            own |= Q(rule__tenant=tenant_id, resolved_at__lt=cutoffs[tenant_id])
    return rows.filter(own)


@transaction.atomic(durable=True)
def purge_incidents(cutoffs: Mapping[int, datetime], *, limit: int) -> int:
    """At most *limit*, with their notices; how many went."""
    if not cutoffs:
        return 0
    oldest = expired_incidents(cutoffs).order_by("pk")
    keys = list(oldest.values_list("pk", flat=True)[:limit])
    Incident.objects.filter(pk__in=keys).delete()
    return len(keys) + _purge_rules(max(cutoffs.values()), limit=limit)


def _purge_rules(before: datetime, *, limit: int) -> int:
    """A default rule stays, though deleted: else it would come back."""
    empty = NotificationRule.objects.filter(
        deleted_at__lt=before, default_name="", incidents=None
    )
    keys = list(empty.order_by("pk").values_list("pk", flat=True)[:limit])
    NotificationRule.objects.filter(pk__in=keys).delete()
    return len(keys)
