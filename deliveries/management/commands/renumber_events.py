from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from deliveries.polling import renumber_restored


class Command(BaseCommand):
    help = "After a dump was restored into another server: let its events be polled."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"{renumber_restored()} events renumbered.")
