"""What a list of deliveries is narrowed to, and the rows that are left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Q

from deliveries.logs.delivery_status import (
    LATEST_CODE,
    LATEST_ERROR,
    DeliveryStatus,
    with_status,
)
from deliveries.logs.searching import containing
from deliveries.models import Delivery
from subscriptions.identifiers import NotAnIdentifier, decode

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from deliveries.models.deliveries import DeliveryQuerySet
    from subscriptions.models import Webhook

# A class of answers as a reason, such as http_5xx.
_HTTP = "http_"
_FAILING = (DeliveryStatus.FAILED, DeliveryStatus.RETRYING)
SUCCESSFUL = range(200, 300)
NOBODYS = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCriteria:
    """What is left out narrows nothing. *until* is the first moment that is too late.

    *codes* and *reason* are those of the latest attempt. *tests*: only these, or none
    of them; None: both.
    """

    statuses: Collection[DeliveryStatus] = ()
    event_types: Collection[str] = ()
    codes: range | None = None
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    search: str = ""
    recovery: str = ""
    tests: bool | None = False

    def deliveries_of(self, webhook: Webhook) -> DeliveryQuerySet:
        rows = Delivery.objects.filter(self._plain(), webhook=webhook).order_by()
        if self.event_types:
            # A type means something within a tenant only: so does its index.
            rows = rows.filter(
                event__tenant=webhook.tenant_id, event__type__in=list(self.event_types)
            )
        if self.statuses:
            rows = rows.filter(with_status(self.statuses))
        if self.codes or self.reason:
            ends = rows.alias(code=LATEST_CODE, error=LATEST_ERROR)
            rows = ends.filter(self._latest())
        found: DeliveryQuerySet = rows.filter(
            containing(self.search, webhook, prefix="")
        )
        return found

    def _plain(self) -> Q:
        wanted: dict[str, Any] = {
            "created_at__gte": self.since,
            "created_at__lt": self.until,
            "recovery__uid": _recovery_uid(self.recovery),
        }
        on = Q(**{lookup: value for lookup, value in wanted.items() if value})
        # Also where both are wanted: the index begins with it.
        tests = (False, True) if self.tests is None else (self.tests,)
        return on & Q(is_test__in=tests)

    def _latest(self) -> Q:
        ended_so = Q()
        if self.codes:
            ended_so &= Q(code__in=self.codes)
        if self.reason:
            ended_so &= _because(self.reason)
        # Most are delivered: their state says so before any attempt is looked up.
        failing = with_status(_FAILING) & ended_so
        if self.reason or not self.codes or self.codes[0] not in SUCCESSFUL:
            return failing
        arrived = Q(state=Delivery.State.SUCCEEDED)
        return failing | (arrived if self.codes == SUCCESSFUL else arrived & ended_so)


def _because(reason: str) -> Q:
    """Those whose class of failure this is: `policy.tallies.failure_class`."""
    digit = reason.removeprefix(_HTTP)[:1]
    if not reason.startswith(_HTTP) or not digit.isdecimal():
        return Q(error=reason)
    hundreds = int(digit) * 100
    return Q(error="", code__in=range(hundreds, hundreds + 100))


def _recovery_uid(public_id: str) -> UUID | None:
    """That of nobody's, for a text that never was an id."""
    if not public_id:
        return None
    try:
        return decode("rcv", public_id)
    except NotAnIdentifier:
        return NOBODYS
