"""Which events a recovery sends again: found by index, counted or batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from deliveries.filtering import FILTERED, matches
from deliveries.models import Recovery
from deliveries.statements import among, execute, moment
from subscriptions.filters import read

if TYPE_CHECKING:
    from datetime import datetime

    from subscriptions.filters import Filter

    Statement = tuple[str, list[Any]]

# What the webhook has, or will get anyway, and what this recovery has sent already.
_NOT_YET = """
NOT EXISTS (
    SELECT 1 FROM deliveries_delivery other
    WHERE other.event_id = {event} AND other.webhook_id = %s AND NOT other.is_test
    AND (other.state IN (0, 1, 2) OR other.recovery_id = %s{or_else})
)
"""
# SQLite uses a partial index only where its condition is repeated word for word.
_NOT_RECEIVED = """
SELECT created_at, id, event_id FROM deliveries_delivery delivery
WHERE webhook_id = %s AND state IN (3, 4) AND NOT is_test
AND created_at >= %s AND created_at <= %s AND state + 0 {states} AND {not_yet}
AND (SELECT payload_deleted_at FROM deliveries_event event
     WHERE event.id = delivery.event_id) IS NULL
"""
_OF_TYPE = """
AND (SELECT type FROM deliveries_event event WHERE event.id = delivery.event_id) {types}
"""
_MISSED = """
SELECT created_at, id, id AS event_id{bodies} FROM deliveries_event event
WHERE tenant_id = %s AND created_at >= %s AND created_at <= %s
AND NOT is_test AND payload_deleted_at IS NULL AND subsidiary_id = %s AND type IN (
    SELECT wanted.name FROM subscriptions_subscription subscription
    JOIN subscriptions_eventtype wanted ON wanted.id = subscription.event_type_id
    WHERE subscription.webhook_id = %s
) AND NOT (entity_type = 'Webhook' AND entity_id = %s) AND {not_yet}
"""
_NOT_YET_AGAIN = _NOT_YET.format(event="delivery.event_id", or_else="")
# A delivery of its own says that the event came when the webhook was active. A replay
# of a missed event says nothing.
_NEVER = _NOT_YET.format(event="event.id", or_else=" OR NOT other.is_replay")


# How many bodies are looked at in one go, where a filter decides.
_BATCH = 200


class Match(NamedTuple):
    """An event to send again, at its place in the order of a stage.

    Not *is_wanted*: the webhook's filter says no; what follows may match.
    """

    at: datetime
    row_id: int
    event_id: int
    is_wanted: bool = True


Place = tuple["datetime", int]


def count_matching(recovery: Recovery) -> int:
    """How many events match now. *recovery* need not be stored."""
    sql, values = _not_received(recovery)
    if recovery.include_missed and recovery.webhook.filter:
        # The filter looks at bodies, which no statement can do.
        counted = f"SELECT count(DISTINCT event_id) FROM ({sql}) AS matching"  # noqa: S608
        ((count,),) = execute(counted, values)
        return int(count) + _count_wanted(recovery)
    if recovery.include_missed:
        missed, more = _missed(recovery)
        # An event that was missed may have been replayed in vain since.
        sql, values = f"{sql} UNION ALL {missed}", [*values, *more]
    counted = f"SELECT count(DISTINCT event_id) FROM ({sql}) AS matching"  # noqa: S608
    ((count,),) = execute(counted, values)
    return int(count)


def next_matches(recovery: Recovery, *, limit: int) -> list[Match]:
    """The matches that follow the position of *recovery* in its stage."""
    is_missed = recovery.stage == Recovery.Stage.MISSED
    statement = (_missed if is_missed else _not_received)(recovery)
    place = recovery.position_at, recovery.position_id
    return _matches_after(place, statement, _filter(recovery), limit=limit)


def _filter(recovery: Recovery) -> Filter | None:
    stored = recovery.webhook.filter
    return read(stored) if stored else None


def _matches_after(
    place: Place, statement: Statement, wanted: Filter | None, *, limit: int
) -> list[Match]:
    sql, values = statement
    rows = execute(
        f"{sql} AND (created_at, id) > (%s, %s) ORDER BY created_at, id LIMIT %s",
        [*values, *place, limit],
    )
    return [
        Match(at, row_id, event_id, all(matches(body, wanted) for body in bodies))
        for stored_at, row_id, event_id, *bodies in rows
        if (at := moment(stored_at))
    ]


def _count_wanted(recovery: Recovery) -> int:
    """The events that were missed, pass the filter, and are no replay's failure."""
    missed, values = _missed(recovery)
    again, more = _not_received(recovery)
    others = f"{missed} AND id NOT IN (SELECT event_id FROM ({again}) AS again)"  # noqa: S608
    place: Place = recovery.since, 0
    count = 0
    while batch := _matches_after(
        place, (others, [*values, *more]), _filter(recovery), limit=_BATCH
    ):
        count += sum(match.is_wanted for match in batch)
        place = batch[-1].at, batch[-1].row_id
    return count


def _not_received(recovery: Recovery) -> Statement:
    states, chosen = among(recovery.states)
    sql = _NOT_RECEIVED.format(states=states, not_yet=_NOT_YET_AGAIN)
    values = [recovery.webhook_id, recovery.since, recovery.until, *chosen]
    values += [recovery.webhook_id, recovery.pk]
    if recovery.event_types:
        these, types = among(recovery.event_types)
        return f"{sql} {_OF_TYPE.format(types=these)}", [*values, *types]
    return sql, values


def _missed(recovery: Recovery) -> Statement:
    webhook = recovery.webhook
    values = [webhook.tenant_id, recovery.since, recovery.until, webhook.subsidiary_id]
    values += [webhook.pk, webhook.public_id, webhook.pk, recovery.pk]
    bodies = f", {FILTERED}" if webhook.filter else ""
    sql = _MISSED.format(not_yet=_NEVER, bodies=bodies)
    if recovery.event_types:
        these, types = among(recovery.event_types)
        return f"{sql} AND type {these}", [*values, *types]
    return sql, values
