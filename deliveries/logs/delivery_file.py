"""One delivery with all that is known of it: its attempts, and its fellows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, Subquery

from deliveries.logs.delivery_status import DeliveryStatus, status_of
from deliveries.logs.entries import entry_of_attempt, entry_of_pending
from deliveries.logs.walking import SHOWN_OF_AN_ATTEMPT
from deliveries.models import Attempt, Delivery

if TYPE_CHECKING:
    from deliveries.logs.entries import LogEntry
    from subscriptions.models import Webhook

# What was interrupted or met an outage of ours is attempted without a limit.
SHOWN = 50


@dataclass(frozen=True, slots=True)
class NumberedEntry:
    """*place*: the how-manieth of the delivery, from 1; its address says it."""

    place: int
    entry: LogEntry


@dataclass(frozen=True, slots=True)
class DeliveryFile:
    """*attempts* newest first, at most 50; *chosen* has headers and bodies besides."""

    delivery: Delivery
    attempts: list[NumberedEntry]
    chosen: LogEntry
    place: int


def find_delivery(webhook: Webhook, public_id: str) -> Delivery:
    """With its event. Raises Delivery.DoesNotExist."""
    mine = Delivery.objects.filter(webhook=webhook).select_related("event")
    found: Delivery = mine.by_public_id(public_id)
    return found


def delivery_file(
    webhook: Webhook, delivery: Delivery, *, place: int | None
) -> DeliveryFile:
    """Two queries, and one more if it has very many attempts.

    A *place* that there is not is that of the latest.
    """
    attempts = Attempt.objects.filter(webhook=webhook, delivery=delivery)
    own = [name for name in SHOWN_OF_AN_ATTEMPT if "__" not in name]
    newest = attempts.order_by("-sequence").marking_latest().only("delivery", *own)
    found = list(newest[: SHOWN + 1])
    total = len(found) if len(found) <= SHOWN else attempts.count()
    for attempt in found:
        attempt.delivery = delivery
    numbered = [
        NumberedEntry(total - back, entry_of_attempt(each, webhook=webhook))
        for back, each in enumerate(found[:SHOWN])
    ]
    chosen = next((each for each in numbered if each.place == place), None)
    chosen = chosen or (numbered[0] if numbered else None)
    if chosen is None:
        pending = entry_of_pending(delivery, webhook=webhook)
        return DeliveryFile(delivery, [], pending, 0)
    whole = attempts.marking_latest().get(pk=found[total - chosen.place].pk)
    whole.delivery = delivery
    entry = entry_of_attempt(whole, webhook=webhook)
    return DeliveryFile(delivery, numbered, entry, chosen.place)


@dataclass(frozen=True, slots=True)
class Fellow:
    """Another delivery of the same event; *code* and *kind* of its latest attempt."""

    delivery: Delivery
    code: int | None
    kind: str

    @property
    def status(self) -> DeliveryStatus:
        return status_of(self.delivery)


def fellows_of(webhook: Webhook, delivery: Delivery, *, limit: int) -> list[Fellow]:
    """To the same webhook, the newest first. One query."""
    same = Delivery.objects.filter(webhook=webhook, event=delivery.event_id)
    attempts = Attempt.objects.filter(delivery=OuterRef("pk")).order_by("-sequence")
    others = same.exclude(pk=delivery.pk).annotate(
        code=Subquery(attempts.values("status_code")[:1]),
        kind=Subquery(attempts.values("error_kind")[:1]),
    )
    newest: Any = others.order_by("-pk")[:limit]
    return [Fellow(each, each.code, each.kind or "") for each in newest]
