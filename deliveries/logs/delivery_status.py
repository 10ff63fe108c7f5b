"""How a delivery stands, in one word: what people see of its state."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, Subquery

from deliveries.models import Attempt, Delivery

if TYPE_CHECKING:
    from collections.abc import Collection

State = Delivery.State


class DeliveryStatus(StrEnum):
    FAILED = "failed"
    # It failed before, and is tried again.
    RETRYING = "retrying"
    # Not attempted yet.
    QUEUED = "queued"
    # The webhook was stopped first.
    SKIPPED = "skipped"
    DELIVERED = "delivered"

    @property
    def is_final(self) -> bool:
        return self in _FINAL


_FINAL = {
    DeliveryStatus.DELIVERED: State.SUCCEEDED,
    DeliveryStatus.FAILED: State.FAILED,
    DeliveryStatus.SKIPPED: State.SKIPPED,
}
_BY_STATE = {state: status for status, state in _FINAL.items()}
_UNFINISHED = Q(state__in=Delivery.UNFINISHED)
# To count by: with the state it says the status.
WAS_ATTEMPTED = ExpressionWrapper(Q(attempts_made__gt=0), BooleanField())
_ATTEMPTS = Attempt.objects.filter(delivery=OuterRef("pk")).order_by("-sequence")
# Of the latest attempt: its index has both, so that no row of the log is fetched.
LATEST_CODE = Subquery(_ATTEMPTS.values("status_code")[:1])
LATEST_ERROR = Subquery(_ATTEMPTS.values("error_kind")[:1])


def status_of(delivery: Delivery) -> DeliveryStatus:
    return status_from(delivery.state, was_attempted=delivery.attempts_made > 0)


def status_from(state: int, *, was_attempted: bool) -> DeliveryStatus:
    waiting = DeliveryStatus.RETRYING if was_attempted else DeliveryStatus.QUEUED
    return _BY_STATE.get(State(state), waiting)


def with_status(wanted: Collection[DeliveryStatus]) -> Q:
    """The condition on deliveries; without any word, on none of them."""
    found = Q(state__in=[_FINAL[each] for each in wanted if each.is_final])
    if DeliveryStatus.RETRYING in wanted:
        found |= _UNFINISHED & Q(attempts_made__gt=0)
    if DeliveryStatus.QUEUED in wanted:
        found |= _UNFINISHED & Q(attempts_made=0)
    return found
