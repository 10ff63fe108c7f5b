"""Other databases of the same server, such as those of other tests, hold us up."""

from __future__ import annotations

from django.db import connection

from tests.engine.product import wait_until

_IS_PAST = """
SELECT CAST(CAST(pg_snapshot_xmin(snapshot) AS text) AS bigint) >= LEAST(
    (SELECT min(CAST(CAST(backend_xid AS text) AS bigint)) FROM pg_stat_activity
     WHERE datname = current_database()),
    ({awaited}),
    CAST(CAST(pg_snapshot_xmax(snapshot) AS text) AS bigint)
) FROM pg_current_snapshot() AS snapshot
"""
_LAST_EVENT = """
SELECT max(transaction_number) + 1 FROM deliveries_event
WHERE transaction_number < CAST(CAST(pg_snapshot_xmax(snapshot) AS text) AS bigint)
"""
_LAST_LOOK = "SELECT coalesce(max(horizon), 0) FROM deliveries_payloadindex"


def wait_for_horizon():
    """Until polling tells of all that this database's own transactions allow."""
    _wait_until_past(_LAST_EVENT)


def wait_for_next_look():
    """The same for the index of payloads: all of its last look can be seen."""
    _wait_until_past(_LAST_LOOK)


def _wait_until_past(awaited):
    def is_past():
        with connection.cursor() as cursor:
            cursor.execute(_IS_PAST.format(awaited=awaited))
            return cursor.fetchone()[0]

    if connection.vendor == "postgresql":
        wait_until(is_past, patience=120)
