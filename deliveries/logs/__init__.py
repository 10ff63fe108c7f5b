"""The queries behind every view of the delivery log, and the health drawn from it.

Reads only. Each query begins with a webhook or a tenant that the caller may see.
"""

from __future__ import annotations

from deliveries.logs.criteria import Criteria
from deliveries.logs.cursors import ForeignCursor
from deliveries.logs.entries import STATUSES, LogEntry
from deliveries.logs.events import EVENT_STATUSES, EventFile, find_event
from deliveries.logs.finding import find_entry, webhook_with_logs
from deliveries.logs.health import Health, LastDelivery, Metrics, health_of
from deliveries.logs.listing import DeliveryLog, FacetValue, Page
from deliveries.logs.series import HourOfHealth, Series, series_of

__all__ = [
    "EVENT_STATUSES",
    "STATUSES",
    "Criteria",
    "DeliveryLog",
    "EventFile",
    "FacetValue",
    "ForeignCursor",
    "Health",
    "HourOfHealth",
    "LastDelivery",
    "LogEntry",
    "Metrics",
    "Page",
    "Series",
    "find_entry",
    "find_event",
    "health_of",
    "series_of",
    "webhook_with_logs",
]
