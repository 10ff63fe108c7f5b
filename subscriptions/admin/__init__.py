"""The tables of this app, plainly, for the platform's staff and for tenant admins."""

from __future__ import annotations

from subscriptions.admin import audit, clients, event_types, people, webhooks

__all__ = ["audit", "clients", "event_types", "people", "webhooks"]
