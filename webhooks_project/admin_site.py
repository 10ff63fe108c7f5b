"""The admin: where staff and tenant admins log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.admin import ModelAdmin
    from django.db.models import Model

# Their own pages show tokens, secrets and pickled payloads.
UNWANTED = frozenset({"oauth2_provider", "django_q"})


class WebhooksAdminSite(AdminSite):
    site_title = site_header = "Webhooks"
    index_title = "Settings"

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        library = admin_class.__module__.partition(".")[0] if admin_class else ""
        if library not in UNWANTED:
            super().register(model_or_iterable, admin_class, **options)
