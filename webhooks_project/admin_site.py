"""The admin: where staff and tenant admins log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.admin import ModelAdmin
    from django.db.models import Model
    from django.http import HttpRequest
    from django.template.response import TemplateResponse

# Their own pages show tokens, secrets and pickled payloads.
UNWANTED = frozenset({"oauth2_provider", "django_q"})


class WebhooksAdminSite(AdminSite):
    site_title = site_header = "Webhooks"
    index_title = "Settings"

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The own one; the admin of people sets that of others."""
        # What stands in subscriptions.admin registers here: it cannot come first.
        from subscriptions.admin.auditing import origin_of  # noqa: PLC0415
        from subscriptions.logins import recording_new_password  # noqa: PLC0415

        with recording_new_password(request.user.pk or 0, origin=origin_of(request)):
            return super().password_change(request, extra_context)

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        library = admin_class.__module__.partition(".")[0] if admin_class else ""
        if library not in UNWANTED:
            super().register(model_or_iterable, admin_class, **options)
