from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from subscriptions.sealing import new_key


class Command(BaseCommand):
    help = "Print a new key for WEBHOOKS_ENCRYPTION_KEYS. Nothing is stored."
    # It must run where no key is set yet.
    requires_system_checks = ()

    def handle(self, **options: Any) -> str:
        return new_key(key_id=f"k{timezone.now():%Y%m%d}")
