"""What a list of deliveries is narrowed to, and the rows that are left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from deliveries.logs.delivery_status import DeliveryStatus, with_status
from deliveries.logs.searching import containing
from deliveries.models import Attempt, Delivery
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
        if self.statuses:
            rows = rows.filter(with_status(self.statuses))
        if self.codes or self.reason:
            rows = rows.filter(self._latest())
        found: DeliveryQuerySet = rows.filter(
            containing(self.search, webhook, prefix="")
        )
        return found

    def _plain(self) -> Q:
        wanted: dict[str, Any] = {
            "event__type__in": list(self.event_types),
            "created_at__gte": self.since,
            "created_at__lt": self.until,
            "recovery__uid": _recovery_uid(self.recovery),
        }
        on = Q(**{lookup: value for lookup, value in wanted.items() if value})
        return on if self.tests is None else on & Q(is_test=self.tests)

    def _latest(self) -> Q:
        attempts = Attempt.objects.filter(delivery=OuterRef("pk"))
        if self.codes:
            first, last = self.codes.start, self.codes.stop - 1
            attempts = attempts.filter(status_code__range=(first, last))
        if self.reason:
            attempts = attempts.filter(_because(self.reason))
        ended_so = Q(Exists(attempts.only_latest()))
        # Most are delivered: the index says so before any attempt is looked up.
        failing = ended_so & with_status(_FAILING)
        if self.reason or not self.codes or self.codes[0] not in SUCCESSFUL:
            return failing
        arrived = Q(state=Delivery.State.SUCCEEDED)
        return failing | (arrived if self.codes == SUCCESSFUL else arrived & ended_so)


def _because(reason: str) -> Q:
    """The attempts whose class of failure this is: `policy.tallies.failure_class`."""
    digit = reason.removeprefix(_HTTP)[:1]
    if not reason.startswith(_HTTP) or not digit.isdecimal():
        return Q(error_kind=reason)
    hundreds = int(digit) * 100
    return Q(error_kind="", status_code__range=(hundreds, hundreds + 99))


def _recovery_uid(public_id: str) -> UUID | None:
    """That of nobody's, for a text that never was an id."""
    if not public_id:
        return None
    try:
        return decode("rcv", public_id)
    except NotAnIdentifier:
        return NOBODYS
