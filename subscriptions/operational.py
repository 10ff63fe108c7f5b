"""What happens to webhooks, told to the webhooks that subscribe to hear of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from subscriptions.conf import publisher

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from subscriptions.models import Webhook


def announce_enabled(webhook: Webhook, *, now: datetime) -> None:
    """Publish `webhook.enabled`, in the caller's transaction; so do the others."""
    publisher()(webhook, "webhook.enabled", {"enabledAt": now.isoformat()})


def announce_disabled(webhook: Webhook, *, reason: str, now: datetime) -> None:
    data = {
        "reason": reason,
        "disabledAt": now.isoformat(),
        "consecutiveFailures": _failures(webhook),
    }
    publisher()(webhook, "webhook.disabled", data)


def announce_rotated(webhook: Webhook, *, grace: timedelta, now: datetime) -> None:
    data: dict[str, Any] = {
        "rotatedAt": now.isoformat(),
        "previousSecretSignsUntil": (now + grace).isoformat(),
    }
    publisher()(webhook, "secret.rotated", data)


def _failures(webhook: Webhook) -> int:
    # A webhook that nothing was ever sent to has no health.
    return getattr(getattr(webhook, "health", None), "consecutive_failures", 0)
