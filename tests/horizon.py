"""Other databases of the same server, such as those of other tests, delay polling."""

from __future__ import annotations

from django.db import connection

from tests.engine.product import wait_until

_HAS_PASSED = """
SELECT CAST(CAST(pg_snapshot_xmin(snapshot) AS text) AS bigint) >= LEAST(
    (SELECT min(CAST(CAST(backend_xid AS text) AS bigint)) FROM pg_stat_activity
     WHERE datname = current_database()),
    (SELECT max(transaction_number) + 1 FROM deliveries_event
     WHERE transaction_number < CAST(CAST(pg_snapshot_xmax(snapshot) AS text) AS bigint)),
    CAST(CAST(pg_snapshot_xmax(snapshot) AS text) AS bigint)
) FROM pg_current_snapshot() AS snapshot
"""


def wait_for_horizon():
    """Until only this database's own transactions hold anything up."""
    if connection.vendor == "postgresql":
        wait_until(_has_passed, patience=120)


def _has_passed():
    with connection.cursor() as cursor:
        cursor.execute(_HAS_PASSED)
        return cursor.fetchone()[0]
