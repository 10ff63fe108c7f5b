"""How a state is shown: an icon and a word, never its colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Badge:
    tone: str
    icon: str
    label: Any


BADGES = {
    # Webhooks
    "Active": Badge("good", "check", _("Active")),
    "Pending": Badge("warn", "clock", _("Pending")),
    "Disabled": Badge("idle", "pause", _("Disabled")),
    # Deliveries
    "queued": Badge("idle", "clock", _("Queued")),
    "delivered": Badge("good", "check", _("Delivered")),
    "retrying": Badge("warn", "refresh", _("Retrying")),
    "failed": Badge("bad", "close", _("Failed")),
    "skipped": Badge("idle", "pause", _("Skipped")),
    # Events
    "unwanted": Badge("idle", "inbox", _("No webhook wanted it")),
    # Attempts
    "success": Badge("good", "check", _("Success")),
    "timeout": Badge("bad", "clock", _("Timed out")),
    "pending": Badge("idle", "clock", _("Waiting")),
    # Anything that is on or off
    "on": Badge("good", "check", _("On")),
    "off": Badge("idle", "pause", _("Off")),
}
