from __future__ import annotations

import secrets
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from subscriptions.sealing import new_key


class Command(BaseCommand):
    help = "Print a new key for WEBHOOKS_ENCRYPTION_KEYS. Nothing is stored."
    # It must run where no key is set yet.
    requires_system_checks = ()

    def handle(self, **options: Any) -> str:
        # When it was made, and never the id of another one of that day.
        key_id = f"k{timezone.now():%Y%m%d}-{secrets.token_hex(3)}"
        return new_key(key_id=key_id)
