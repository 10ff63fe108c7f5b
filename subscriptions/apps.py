from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SubscriptionsConfig(AppConfig):
    name = "subscriptions"
    verbose_name = "Settings"

    def ready(self) -> None:
        from subscriptions import checks  # noqa: F401, PLC0415 (registers them)

        _register_profiles()
        _watch_the_door()
        post_migrate.connect(_sync_event_types, sender=self)


def _register_profiles() -> None:
    """Those that the settings name, beside our own."""
    from subscriptions.conf import further_profiles  # noqa: PLC0415
    from subscriptions.profiles import register  # noqa: PLC0415

    for profile in further_profiles():
        register(profile)


def _watch_the_door() -> None:
    from django.contrib.auth import signals  # noqa: PLC0415

    from subscriptions import logins  # noqa: PLC0415

    signals.user_logged_in.connect(logins.person_logged_in)
    signals.user_logged_out.connect(logins.person_logged_out)
    signals.user_login_failed.connect(logins.log_in_failed)


def _sync_event_types(**kwargs: Any) -> None:
    """The catalogue's rows follow the code: after each migrate they say the same."""
    from subscriptions.catalogue import sync_event_types  # noqa: PLC0415

    sync_event_types()
