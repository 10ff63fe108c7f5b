"""How many deliveries of a webhook failed lately: for a mark on each of its pages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from deliveries.logs.series import HOUR
from deliveries.models import hour_of
from deliveries.statements import execute

if TYPE_CHECKING:
    from datetime import datetime

    from subscriptions.models import Webhook

LATELY = timedelta(hours=24)
# More than that are many.
MOST = 100
# As in deliveries.recovery.matching: SQLite uses a partial index only where its
# condition is repeated word for word.
_FAILED = """
SELECT count(*) FROM (
    SELECT 1 FROM deliveries_delivery
    WHERE webhook_id = %s AND state IN (3, 4) AND NOT is_test
    AND created_at >= %s AND state + 0 = 3 LIMIT %s
) AS failed
"""


def failed_lately(webhook: Webhook, *, now: datetime) -> int:
    """Of the hours that a chart of a day shows; never more than MOST. One query."""
    since = hour_of(now) + HOUR - LATELY
    ((count,),) = execute(_FAILED, [webhook.pk, since, MOST])
    return int(count)
