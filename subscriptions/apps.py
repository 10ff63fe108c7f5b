from __future__ import annotations

from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = "subscriptions"
    verbose_name = "Settings"

    def ready(self) -> None:
        from subscriptions import checks  # noqa: F401, PLC0415 (registers them)
