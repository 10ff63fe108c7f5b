from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DeliveriesConfig(AppConfig):
    name = "deliveries"
    verbose_name = "Deliveries"

    def ready(self) -> None:
        from deliveries import checks, queue  # noqa: F401, PLC0415 (registers them)

        post_migrate.connect(queue.schedule_sweep, sender=self)
