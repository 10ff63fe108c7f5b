"""The admin: where staff and tenant admins log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, cast

from django.contrib.admin import AdminSite
from django.http import Http404
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.i18n import set_language

from deliveries.pages.urls import webhook_pages as delivery_pages
from subscriptions.pages.login import password_given
from subscriptions.pages.settings_urls import settings_pages
from subscriptions.pages.urls import account, webhook_pages
from subscriptions.pages.visitor import visitor_of
from subscriptions.sessions import (
    missing_step,
    person,
    recently_confirmed,
    with_next,
)
from webhooks_project.navigation import navigation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.admin import ModelAdmin
    from django.db.models import Model
    from django.http import HttpRequest, HttpResponse
    from django.template.response import TemplateResponse
    from django.urls import URLPattern, URLResolver

# Their own pages show tokens, secrets and pickled payloads.
UNWANTED = frozenset({"oauth2_provider", "django_q"})


def nowhere(request: HttpRequest, row: str = "") -> NoReturn:
    """In place of pages of Django's that no table of ours uses, and that look rows up
    without asking whose they are."""
    raise Http404


class WebhooksAdminSite(AdminSite):
    """Lets in who has given the password and, where there is one, the second factor."""

    site_title = site_header = "Webhooks"
    index_title = _("All tables")
    # The shell has a navigation of its own.
    enable_nav_sidebar = False
    login_template = "account/login.html"
    password_change_template = "settings/account/password.html"  # noqa: S105 (a page)
    password_change_done_template = "settings/account/password_changed.html"  # noqa: S105

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """For the shell. What Django adds is a list of all tables, which it lacks."""
        has_entered = self.has_permission(request)
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "has_permission": has_entered,
            "is_popup": False,
            "is_nav_sidebar_enabled": False,
            "log_entries": self.get_log_entries(request),
        } | (_of_the_visitor(request) if has_entered else {})

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Everybody begins with the webhooks: those that do worst stand first."""
        return cast("TemplateResponse", redirect("admin:webhooks"))

    def tables(self, request: HttpRequest) -> TemplateResponse:
        """A tenant's people have pages; the tables are for the platform's staff."""
        if person(request).tenant_id is not None:
            raise Http404
        return super().index(request)

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

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not missing_step(request)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # Every page sends here whom it does not let in; this is where to go on.
        has_password = request.method == "GET" and super().has_permission(request)
        if has_password and (page := missing_step(request)):
            return redirect(with_next(page, request.GET.get("next", "")))
        return super().login(request, extra_context)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        # Its form takes any number of guesses at the old password.
        new_password = self.admin_view(recently_confirmed(self.password_change))
        return [
            # Also for who does not have the second factor at hand.
            path("logout/", password_given(self.logout), name="logout"),
            path("password_change/", new_password, name="password_change"),
            path("tables/", self.admin_view(self.tables), name="tables"),
            path("language/", self.admin_view(set_language), name="set_language"),
            *account(self.admin_view),
            *webhook_pages(self.admin_view),
            *delivery_pages(self.admin_view),
            *settings_pages(self.admin_view),
            path("autocomplete/", nowhere),
            path("r/<path:row>", nowhere),
            *super().get_urls(),
        ]


def _of_the_visitor(request: HttpRequest) -> dict[str, Any]:
    return {"visitor": visitor_of(request), "navigation": navigation(request)}
