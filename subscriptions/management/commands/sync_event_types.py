from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from subscriptions.catalogue import sync_event_types


class Command(BaseCommand):
    help = "Make the rows of the event catalogue say what the profiles say."

    def handle(self, **options: Any) -> str:
        return f"{sync_event_types()} event types are current."
