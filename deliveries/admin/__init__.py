"""Facts and the queue, to look at: plain tables for the platform's operators."""

from __future__ import annotations

from deliveries.admin import attempts, deliveries, events, recoveries, rules

__all__ = ["attempts", "deliveries", "events", "recoveries", "rules"]
