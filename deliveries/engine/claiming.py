"""Lease due deliveries to this worker: each to one worker at a time."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction

from deliveries.engine import turnstile
from deliveries.engine.candidates import find_candidates, park
from deliveries.engine.interruptions import give_up, judge, note_interrupted
from deliveries.engine.leases import lease
from deliveries.engine.steps import Step, reach
from deliveries.models import Occurrence
from deliveries.spans import span
from deliveries.statements import among, execute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from deliveries.engine.backlog import Busy
    from deliveries.engine.candidates import Candidate
    from deliveries.engine.leases import Claimed

logger = logging.getLogger(__name__)


class Limits(NamedTuple):
    """How much of a webhook to lease, and for how long.

    *window*: how much may be under way, all workers taken together; *batch*: how much
    this claim may add to it. *lease_of* a profile, by its name. *alone*: one that is
    suspected of killing its worker; else only such as are not.
    """

    window: Callable[[int], int]
    batch: Callable[[int], int]
    lease_of: Callable[[str], timedelta]
    alone: bool = False


def claim(busy: Sequence[Busy], *, limits: Limits, now: datetime) -> list[Claimed]:
    """Lease what is due of *busy*. Returns what is ours now."""
    due = [webhook for webhook in busy if webhook.is_due(now)]
    if not due:
        return []
    reach(Step.BEFORE_CLAIM)
    with span("claim") as opened:
        claimed = _claim(due, limits=limits, now=now)
        opened.note(webhooks__count=len(claimed))
    if claimed:
        webhooks = {each.webhook_id for each in claimed}
        fields = {"count": len(claimed), "webhooks": len(webhooks)}
        logger.debug("deliveries.claimed", extra=fields)
    return claimed


def _claim(due: Sequence[Busy], *, limits: Limits, now: datetime) -> list[Claimed]:
    with transaction.atomic(durable=True):
        mine = _at_the_turnstile(due)
        room = _room(mine, limits, now=now)
        candidates = find_candidates(mine, room, are_all_wanted=limits.alone, now=now)
        park([c.delivery_id for c in candidates if c.is_behind], now=now)
        chosen = _chosen(_fit(candidates, limits, now=now), room)
        if not chosen:
            return []
        torn = [c.delivery_id for c in chosen if c.was_leased]
        note_interrupted(torn, lease_of=limits.lease_of)
        claimed = lease(chosen, _ends_of_leases(mine, limits, now=now), now=now)
        _count(claimed, {each.webhook_id: each.profile for each in mine})
        return claimed


def _at_the_turnstile(due: Sequence[Busy]) -> list[Busy]:
    """Those of *due* that no other worker is claiming or recording for."""
    turnstile.build({each.webhook_id for each in due if not each.has_health})
    mine = turnstile.hold_if_free([each.webhook_id for each in due])
    return [each for each in due if each.webhook_id in mine]


def _room(mine: Sequence[Busy], limits: Limits, *, now: datetime) -> dict[int, int]:
    """How many more may be in flight, per webhook."""
    ids = [webhook.webhook_id for webhook in mine]
    if not ids:
        return {}
    these, values = among(ids)
    in_flight = execute(
        "SELECT webhook_id, count(*) FROM deliveries_delivery"  # noqa: S608
        f" WHERE is_leased AND due_at > %s AND webhook_id {these} GROUP BY webhook_id",
        [now, *values],
    )
    under_way: Counter[int] = Counter(dict(in_flight))
    room = {pk: min(limits.window(pk) - under_way[pk], limits.batch(pk)) for pk in ids}
    return {webhook_id: free for webhook_id, free in room.items() if free > 0}


def _fit(
    candidates: Sequence[Candidate], limits: Limits, *, now: datetime
) -> list[Candidate]:
    """Those that may go out now; what has killed too many workers ends here."""
    first = [each for each in candidates if not each.is_behind]
    torn = judge([each.delivery_id for each in first if each.was_leased])
    give_up(torn.poison, lease_of=limits.lease_of, now=now)
    if limits.alone:
        return [each for each in first if each.delivery_id in torn.suspect][:1]
    return [
        each for each in first if each.delivery_id not in torn.poison | torn.suspect
    ]


def _chosen(
    candidates: Sequence[Candidate], room: Mapping[int, int]
) -> list[Candidate]:
    left = dict(room)
    chosen = []
    for candidate in candidates:
        if left[candidate.webhook_id] > 0:
            left[candidate.webhook_id] -= 1
            chosen.append(candidate)
    return chosen


def _ends_of_leases(
    mine: Iterable[Busy], limits: Limits, *, now: datetime
) -> dict[int, datetime]:
    return {each.webhook_id: now + limits.lease_of(each.profile) for each in mine}


def _count(claimed: Iterable[Claimed], profiles: Mapping[int, str]) -> None:
    counts = Counter(profiles[each.webhook_id] for each in claimed)
    Occurrence.objects.note(Occurrence.Kind.CLAIMED, counts)
