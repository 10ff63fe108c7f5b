"""A tenant's events, page by page, for those who would rather ask than be told.

Nothing is missed: a page ends before the oldest transaction that may still commit, and
stands in the order of transactions (docs/adr/0013-polling-in-commit-order.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.core import signing
from django.db import connection

from deliveries.statements import among, execute

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from subscriptions.models import Tenant

# A page looks at so many events for those that match; the next goes on from there.
SCANNED = 5_000
# Whoever begins at a time begins so much earlier, and passes over what is older. It
# must be more than a transaction takes from its first write to its last event.
LONGEST_TRANSACTION = timedelta(minutes=5)
# The calendar has no time that is so much before an earlier one.
EARLIEST = datetime.min.replace(tzinfo=UTC) + LONGEST_TRANSACTION


class BadCursor(ValueError):
    def __init__(self) -> None:
        super().__init__("This is not a cursor of yours. Leave it out to begin anew.")


class StaleCursor(ValueError):
    def __init__(self) -> None:
        super().__init__(
            "The database was restored since. Begin anew without a cursor, with Since."
        )


class Position(NamedTuple):
    """From this event on; those before it have been seen."""

    transaction_number: int
    event_id: int


BEGINNING = Position(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events; what is left out narrows nothing."""

    types: Collection[str] = ()
    entity_id: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The bodies as they are stored, and where the next page begins."""

    bodies: list[bytes]
    next_cursor: str
    has_more: bool


@dataclass(frozen=True, slots=True)
class Horizon:
    """What stands before *end* is committed, or never will be.

    *latest* is the newest number given out; *database* tells one from its restored copy.
    """

    end: Position
    latest: int
    database: str


# pg_control_system: a dump that is restored elsewhere brings numbers along that mean
# nothing there.
_POSTGRESQL_HORIZON = """
SELECT CAST(CAST(pg_snapshot_xmin(snapshot) AS text) AS bigint), 0,
    CAST(CAST(pg_snapshot_xmax(snapshot) AS text) AS bigint), CAST(system_identifier AS text)
FROM pg_current_snapshot() AS snapshot, pg_control_system()
"""
# One writer at a time: whatever is visible was committed in the order of ids.
_SQLITE_HORIZON = "SELECT 0, coalesce(max(id), 0) + 1, 0, '' FROM deliveries_event"

_FROM_TO = """
FROM deliveries_event WHERE tenant_id = %s AND NOT is_test
AND (transaction_number, id) >= (%s, %s) AND (transaction_number, id) < (%s, %s)
"""
_IN_ORDER = "ORDER BY transaction_number, id"
_STARTED_BEFORE = """
SELECT transaction_number, id FROM deliveries_event
WHERE tenant_id = %s AND created_at <= %s ORDER BY created_at DESC, id DESC LIMIT 1
"""
# No visible row can have a number that is yet to be given out.
_RENUMBER = """
UPDATE deliveries_event SET transaction_number = 0 WHERE transaction_number >= %s
RETURNING 1
"""


def read_events(tenant: Tenant, wanted: Wanted, *, cursor: str, limit: int) -> Page:
    """The next *limit* events that match, the oldest first.

    Takes at most three queries, however few match. Raises BadCursor and StaleCursor.
    """
    horizon = _horizon()
    start = _start(tenant, wanted, cursor=cursor, horizon=horizon)
    stop = _end_of_scan(tenant, wanted, start, horizon.end) or horizon.end
    rows = _matching(tenant, wanted, (start, stop), limit=limit + 1)
    # What stands at the end of the scan, or beyond the limit, is the next page's first.
    following = Position(*rows[limit][:2]) if len(rows) > limit else stop
    return Page(
        bodies=[bytes(body) for _, _, body in rows[:limit]],
        next_cursor=_cursor(tenant, max(start, following), horizon),
        has_more=following < horizon.end,
    )


def _horizon() -> Horizon:
    is_postgresql = connection.vendor == "postgresql"
    [row] = execute(_POSTGRESQL_HORIZON if is_postgresql else _SQLITE_HORIZON)
    transaction_number, event_id, latest, database = row
    return Horizon(Position(transaction_number, event_id), latest, database)


def _start(
    tenant: Tenant, wanted: Wanted, *, cursor: str, horizon: Horizon
) -> Position:
    if cursor:
        return _position(tenant, cursor, horizon)
    if wanted.since is None:
        return BEGINNING
    begun = max(wanted.since, EARLIEST) - LONGEST_TRANSACTION
    before = execute(_STARTED_BEFORE, [tenant.pk, begun])
    return Position(*before[0]) if before else BEGINNING


def _end_of_scan(
    tenant: Tenant, wanted: Wanted, start: Position, end: Position
) -> Position | None:
    """The first event that is too far away to be looked at now, if any."""
    if not wanted.types and wanted.since is None:
        return None  # Each one matches.
    lane, values = _lane(wanted)
    sql = f"SELECT transaction_number, id {_FROM_TO} {lane} {_IN_ORDER}"
    beyond = execute(
        f"{sql} LIMIT 1 OFFSET {SCANNED}", [tenant.pk, *start, *end, *values]
    )
    return Position(*beyond[0]) if beyond else None


def _matching(
    tenant: Tenant, wanted: Wanted, between: tuple[Position, Position], *, limit: int
) -> list[tuple[Any, ...]]:
    lane, values = _lane(wanted)
    if wanted.types:
        these, types = among(wanted.types)
        lane, values = f"{lane} AND type {these}", [*values, *types]
    if wanted.since is not None:
        lane, values = f"{lane} AND created_at >= %s", [*values, wanted.since]
    sql = f"SELECT transaction_number, id, body {_FROM_TO} {lane} {_IN_ORDER}"
    start, stop = between
    return execute(f"{sql} LIMIT %s", [tenant.pk, *start, *stop, *values, limit])


def _lane(wanted: Wanted) -> tuple[str, list[Any]]:
    """An entity's events have an index of their own; the rest is looked through."""
    return ("AND entity_id = %s", [wanted.entity_id]) if wanted.entity_id else ("", [])


def _cursor(tenant: Tenant, position: Position, horizon: Horizon) -> str:
    return _signer(tenant).sign_object([horizon.database, *position])


def _position(tenant: Tenant, cursor: str, horizon: Horizon) -> Position:
    try:
        database, *place = _signer(tenant).unsign_object(cursor)
    except signing.BadSignature:
        raise BadCursor from None
    position = Position(*place)
    if database != horizon.database or position.transaction_number > horizon.latest:
        raise StaleCursor
    return position


def _signer(tenant: Tenant) -> signing.Signer:
    # Another tenant's cursor is as good as a made-up one.
    return signing.Signer(salt=f"deliveries.polling.{tenant.pk}")


def renumber_restored() -> int:
    """After a restore into another server: let what that one never numbered be read.

    Such events come first from then on, in the order of their ids. Returns how many.
    """
    if connection.vendor != "postgresql":
        return 0
    changed = execute(_RENUMBER, [_horizon().latest])
    return len(changed)
