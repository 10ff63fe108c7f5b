"""Attempts whose worker died: we do not know what the receiver got, and say so.

A delivery that is interrupted again and again may be what kills the worker. It is
tried alone then, and given up in the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Exists, OuterRef

from deliveries import alerts
from deliveries.engine.counting import count_attempts
from deliveries.engine.ordering import promote_who_waited
from deliveries.models import Attempt, Delivery
from deliveries.policy.error_kinds import INTERRUPTED, POISON
from deliveries.policy.poison import Suspicion, suspicion
from deliveries.statements import among, execute
from subscriptions.refusals import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime, timedelta

    LeaseOf = Callable[[str], timedelta]

MESSAGE = sentence("The worker stopped before it had recorded an answer.")

_INTERRUPTIONS = """
SELECT delivery_id, count(*) FROM deliveries_attempt
WHERE delivery_id {} AND error_kind = %s GROUP BY delivery_id
"""
_GIVE_UP = """
UPDATE deliveries_delivery
SET state = 3, due_at = NULL, is_leased = %s, ended_at = %s
WHERE id {} AND state = 0 AND is_leased AND due_at <= %s
RETURNING id, webhook_id, order_key
"""


class Torn(NamedTuple):
    """Deliveries whose lease ran out, by what their interruptions make of them."""

    harmless: frozenset[int]
    suspect: frozenset[int]
    poison: frozenset[int]


def judge(delivery_ids: Collection[int]) -> Torn:
    """Tell the harmless from the rest; the last lease of each counts already."""
    sorts: dict[Suspicion, set[int]] = {each: set() for each in Suspicion}
    for delivery_id, before in _interruptions(delivery_ids).items():
        sorts[suspicion(interruptions=before + 1)].add(delivery_id)
    return Torn(*(frozenset(sorts[each]) for each in Suspicion))


def note_interrupted(
    delivery_ids: Collection[int], *, lease_of: LeaseOf, kind: str = INTERRUPTED
) -> None:
    """Write down the attempt that each delivery's last lease was for.

    Called before the next lease, in its transaction, behind the turnstile. A late
    answer finds this row in its place and is dropped; one that came first stands.
    """
    if not delivery_ids:
        return
    recorded = Attempt.objects.filter(
        delivery=OuterRef("pk"), sequence=OuterRef("claim_number")
    )
    deliveries = Delivery.objects.filter(~Exists(recorded), pk__in=delivery_ids)
    entries = [
        _interrupted(each, lease_of=lease_of, kind=kind)
        for each in deliveries.select_related("event", "webhook")
    ]
    count_attempts(Attempt.objects.bulk_create(entries))


def give_up(delivery_ids: Collection[int], *, lease_of: LeaseOf, now: datetime) -> None:
    """End what has killed its worker too often. Behind the webhooks' turnstile."""
    if not delivery_ids:
        return
    note_interrupted(delivery_ids, lease_of=lease_of, kind=POISON)
    these, ids = among(delivery_ids)
    ended = execute(_GIVE_UP.format(these), [False, now, *ids, now])
    promote_who_waited(((webhook, key) for _, webhook, key in ended), now=now)
    given_up = Delivery.objects.filter(pk__in=[pk for pk, *_ in ended]).order_by("pk")
    for delivery in given_up:
        alerts.delivery_was_given_up(delivery)


def _interruptions(delivery_ids: Collection[int]) -> dict[int, int]:
    counts = dict.fromkeys(delivery_ids, 0)
    if delivery_ids:
        these, ids = among(delivery_ids)
        rows = execute(_INTERRUPTIONS.format(these), [*ids, INTERRUPTED])
        counts |= dict(rows)
    return counts


def _interrupted(delivery: Delivery, *, lease_of: LeaseOf, kind: str) -> Attempt:
    return Attempt.without_exchange(
        delivery,
        status=Attempt.Status.FAILED,
        error_kind=kind,
        error_message=MESSAGE,
        # When it was claimed; when it was sent, if it was, died with the worker.
        started_at=(delivery.due_at or delivery.created_at)
        - lease_of(delivery.webhook.profile),
    )
