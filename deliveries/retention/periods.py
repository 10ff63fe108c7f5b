"""How long each tenant's log is kept, and so what has expired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from subscriptions.models import Tenant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from deliveries.conf import Conf


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """*cutoffs*: by the tenant's pk; what ended before has expired.

    *payloads*: payloads of events before this go, though the log stays; None: none do.
    """

    now: datetime
    cutoffs: Mapping[int, datetime]
    payloads: datetime | None
    audit: datetime


def periods(conf: Conf, *, now: datetime, days: int | None = None) -> Periods:
    """*days*, instead of the setting; a tenant's own period stands in any case."""
    usual = conf.retention if days is None else timedelta(days=days)
    own = Tenant.objects.values_list("pk", "retention_days").order_by("pk")
    return Periods(
        now=now,
        cutoffs={
            pk: now - (usual if days_ is None else timedelta(days=days_))
            for pk, days_ in own
        },
        payloads=now - conf.payload_retention if conf.payload_retention else None,
        audit=now - conf.audit_retention,
    )
