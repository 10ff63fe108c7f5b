"""What happened, to whom it went, how it ended."""

from __future__ import annotations

from deliveries.models.attempts import Attempt, log_id
from deliveries.models.deliveries import Delivery
from deliveries.models.events import Event
from deliveries.models.health import WebhookHealth
from deliveries.models.lookout import Lookout
from deliveries.models.recoveries import Recovery

__all__ = [
    "Attempt",
    "Delivery",
    "Event",
    "Lookout",
    "Recovery",
    "WebhookHealth",
    "log_id",
]
