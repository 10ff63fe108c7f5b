"""What a row of a list of deliveries says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deliveries.conf import get_conf
from deliveries.models import Attempt
from deliveries.pages.addresses import delivery_url
from deliveries.pages.reasons import reason_of
from deliveries.policy.tallies import failure_class

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliveries.logs.delivery_list import ListedDelivery
    from deliveries.logs.delivery_status import DeliveryStatus
    from deliveries.logs.entries import LogEntry
    from deliveries.models import Delivery
    from subscriptions.models import Webhook


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attempt: the answer's number, or why there was none."""

    label: Any
    tone: str
    title: Any = ""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """*tries*: those that were made, with *allowed* of them at most."""

    delivery: Delivery
    status: DeliveryStatus
    entry: LogEntry
    result: Result | None
    href: str
    tries: int
    allowed: int

    @property
    def next_at(self) -> Any:
        return self.entry.next_attempt_at

    @property
    def next_try(self) -> int:
        return min(self.tries + 1, self.allowed)


def rows_of(webhook: Webhook, found: Iterable[ListedDelivery]) -> list[DeliveryRow]:
    allowed = attempts_allowed(webhook)
    return [
        DeliveryRow(
            delivery=each.delivery,
            status=each.status,
            entry=each.entry,
            result=result_of(each.entry),
            href=delivery_url(webhook, each.delivery.public_id),
            tries=each.delivery.attempts_made,
            allowed=1 if each.delivery.is_test else allowed,
        )
        for each in found
    ]


def attempts_allowed(webhook: Webhook) -> int:
    """One more than there are delays."""
    return 1 + len(get_conf().rules(webhook.profile).retries.delays)


def result_of(entry: LogEntry) -> Result | None:
    """None: nothing was tried yet, or nothing was sent."""
    attempt = entry.attempt
    if attempt is None or entry.status == Attempt.Status.SKIPPED:
        return None
    is_good = entry.status == Attempt.Status.SUCCESS
    return result_from(entry.status_code, attempt.error_kind, is_good=is_good)


def result_from(code: int | None, kind: str, *, is_good: bool) -> Result | None:
    label = reason_of(failure_class(code, kind)).label
    if is_good:
        return Result(code, "good")
    if code is None:
        return Result(label, "bad") if kind else None
    return Result(code, "bad", label)
