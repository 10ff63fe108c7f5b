"""What happened, to whom it went, how it ended."""

from __future__ import annotations

from deliveries.models.attempts import Attempt, log_id
from deliveries.models.deliveries import Delivery
from deliveries.models.egress import Egress
from deliveries.models.events import Event
from deliveries.models.health import WebhookHealth
from deliveries.models.inbox import InboxMessage
from deliveries.models.incidents import Incident, Notice
from deliveries.models.lookout import Lookout
from deliveries.models.occurrences import Occurrence
from deliveries.models.payload_index import EventText, PayloadIndex
from deliveries.models.purger import Purger
from deliveries.models.recoveries import Recovery
from deliveries.models.rollups import DailyRollup, Rollup, day_of, hour_of
from deliveries.models.rules import NotificationRule
from deliveries.models.signs import SignOfLife
from deliveries.models.totals import Total

__all__ = [
    "Attempt",
    "DailyRollup",
    "Delivery",
    "Egress",
    "Event",
    "EventText",
    "InboxMessage",
    "Incident",
    "Lookout",
    "Notice",
    "NotificationRule",
    "Occurrence",
    "PayloadIndex",
    "Purger",
    "Recovery",
    "Rollup",
    "SignOfLife",
    "Total",
    "WebhookHealth",
    "day_of",
    "hour_of",
    "log_id",
]
