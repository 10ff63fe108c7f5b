"""Send again in bulk what a webhook did not get.

A recovery is a row that keeps its place. It plans a little ahead, at its rate, and never
what the webhook has got, or will get anyway.
"""

from __future__ import annotations

from deliveries.recovery.progress import Progress, Report, report_on, reports_on
from deliveries.recovery.running import go_on
from deliveries.recovery.starting import (
    Order,
    RecoveryHasEnded,
    RecoveryIsRunning,
    cancel_recovery,
    count_matches,
    make_room,
    start_recovery,
)

__all__ = [
    "Order",
    "Progress",
    "RecoveryHasEnded",
    "RecoveryIsRunning",
    "Report",
    "cancel_recovery",
    "count_matches",
    "go_on",
    "make_room",
    "report_on",
    "reports_on",
    "start_recovery",
]
