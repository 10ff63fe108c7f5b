"""A webhook's deliveries as a list, newest first: counted, page by page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Count, Q, Subquery

from deliveries.logs.delivery_status import (
    WAS_ATTEMPTED,
    DeliveryStatus,
    status_from,
    status_of,
)
from deliveries.logs.entries import entry_of_attempt, entry_of_pending
from deliveries.logs.walking import SHOWN_OF_AN_ATTEMPT
from deliveries.models import Attempt, Delivery
from subscriptions.identifiers import encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deliveries.logs.delivery_criteria import DeliveryCriteria
    from deliveries.logs.entries import LogEntry
    from deliveries.models.deliveries import DeliveryQuerySet
    from subscriptions.models import Webhook

NEWEST_FIRST = ("-created_at", "-pk")
BATCH = 500


@dataclass(frozen=True, slots=True)
class ListedDelivery:
    """*entry* is its latest in the log; an entry that is pending before the first."""

    delivery: Delivery
    entry: LogEntry

    @property
    def status(self) -> DeliveryStatus:
        return status_of(self.delivery)


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """*older* leads to what follows: the id of the last delivery; empty: nothing does."""

    rows: list[ListedDelivery]
    older: str


class Counts(NamedTuple):
    by_status: Counter[DeliveryStatus]
    tests: int

    @classmethod
    def none(cls) -> Counts:
        return cls(Counter(), 0)


def page_of(
    webhook: Webhook, criteria: DeliveryCriteria, *, after: str, size: int
) -> DeliveryPage:
    """Those that follow the delivery *after*, whatever has come before it since.

    An id that is no delivery of the webhook leads to the first page. Two queries, and
    one for the place.
    """
    rows = criteria.deliveries_of(webhook)
    place = _place(webhook, after) if after else None
    if place:
        rows = rows.filter(_beyond(place))
    found = list(_for_rows(rows, limit=size + 1))
    shown = found[:size]
    older = shown[-1].public_id if len(found) > size else ""
    return DeliveryPage(listed(webhook, shown), older)


def count_by_status(webhook: Webhook, criteria: DeliveryCriteria) -> Counts:
    """How many of each status match, whatever statuses *criteria* names.

    Tests are among them only where the criteria let them in. One query.
    """
    rows = replace(criteria, statuses=(), tests=None).deliveries_of(webhook)
    found: Counter[DeliveryStatus] = Counter()
    tests = 0
    told = rows.annotate(attempted=WAS_ATTEMPTED)
    by_state = told.values_list("state", "attempted", "is_test")
    for state, attempted, is_test, count in by_state.annotate(count=Count("pk")):
        tests += count if is_test else 0
        if criteria.tests in (None, is_test):
            found[status_from(state, was_attempted=attempted)] += count
    return Counts(found, tests)


def listed(webhook: Webhook, deliveries: Sequence[Delivery]) -> list[ListedDelivery]:
    """Each with its latest entry of the log. One query; their events are loaded."""
    latest = _latest_attempts(webhook, deliveries)
    return [
        ListedDelivery(
            each,
            entry_of_attempt(latest[each.pk], webhook=webhook)
            if each.pk in latest
            else entry_of_pending(each, webhook=webhook),
        )
        for each in deliveries
    ]


def latest_entries(
    webhook: Webhook, criteria: DeliveryCriteria, *, rows: int
) -> Iterator[list[LogEntry]]:
    """For an export: the latest entry of each delivery that matches, at most *rows*.

    In batches, each read by short queries of its own.
    """
    after, left = "", rows
    while left > 0:
        page = page_of(webhook, criteria, after=after, size=min(BATCH, left))
        if page.rows:
            yield [row.entry for row in page.rows]
        after, left = page.older, left - BATCH
        if not after:
            return


def neighbours(webhook: Webhook, delivery: Delivery) -> tuple[str, str]:
    """The public ids of the next older and the next newer; empty: there is none."""
    alike = Delivery.objects.filter(webhook=webhook, is_test=delivery.is_test)
    mine = alike.values("uid")
    older = mine.filter(_beyond(delivery)).order_by(*NEWEST_FIRST)[:1]
    newer = mine.filter(_before(delivery)).order_by("created_at", "pk")[:1]
    asked = Delivery.objects.filter(pk=delivery.pk).order_by()
    found = asked.annotate(older=Subquery(older), newer=Subquery(newer))
    uids = found.values_list("older", "newer").get()
    older_id, newer_id = (encode("dlv", uid) if uid else "" for uid in uids)
    return older_id, newer_id


def _place(webhook: Webhook, public_id: str) -> Delivery | None:
    try:
        mine = Delivery.objects.filter(webhook=webhook).only("created_at")
        found: Delivery = mine.by_public_id(public_id)
    except Delivery.DoesNotExist:
        return None
    return found


def _beyond(place: Delivery) -> Q:
    # The first condition is the index's, the second drops what was there before.
    at = place.created_at
    return Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__lt=place.pk))


def _before(place: Delivery) -> Q:
    at = place.created_at
    return Q(created_at__gte=at) & (Q(created_at__gt=at) | Q(pk__gt=place.pk))


def _for_rows(rows: DeliveryQuerySet, *, limit: int) -> DeliveryQuerySet:
    """The newest, with what of their events is shown."""
    # Chosen within the index, so that only those of the page are fetched.
    newest = rows.order_by(*NEWEST_FIRST).values("pk")[:limit]
    found = Delivery.objects.filter(pk__in=newest).select_related("event")
    whole: DeliveryQuerySet = found.order_by(*NEWEST_FIRST)
    return whole.defer("event__body", "event__body_with_previous")


def _latest_attempts(
    webhook: Webhook, deliveries: Sequence[Delivery]
) -> dict[int, Attempt]:
    asked = {each.pk: each for each in deliveries}
    rows = Attempt.objects.filter(webhook=webhook, delivery__in=asked).order_by()
    own = [name for name in SHOWN_OF_AN_ATTEMPT if "__" not in name]
    found = rows.only_latest().marking_latest().only("delivery", *own)
    for attempt in found:
        attempt.delivery = asked[attempt.delivery_id]
    return {attempt.delivery_id: attempt for attempt in found}
