"""What every page of the dashboard begins with: who looks, at which webhook.

A page names its template and, per method, the right that it needs; it parses, makes one
call and renders. Pages of a webhook find it among those that the visitor may see.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views import View

from subscriptions.audit import Action, about_webhook, latest
from subscriptions.models import Webhook
from subscriptions.origins import Origin
from subscriptions.pages.tabs import tabs_of
from subscriptions.pages.visitor import visitor_of
from subscriptions.profiles import profile as profile_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from subscriptions.models import AuditEvent
    from subscriptions.models.webhooks import WebhookQuerySet
    from subscriptions.pages.visitor import Visitor
    from subscriptions.roles import Right

    Crumbs = list[tuple[Any, str]]


class Page(View):
    """*needs*: method in lower case → the right without which it answers 403."""

    template_name: ClassVar[str]
    title: ClassVar[Any] = ""
    needs: ClassVar[Mapping[str, Right]] = {}
    visitor: Visitor

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.visitor = visitor_of(request)

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        needed = self.needs.get((request.method or "").lower())
        if needed is not None and needed not in self.visitor.rights:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def origin(self) -> Origin:
        """Of what is changed here, for the audit log."""
        return Origin.of_person(self.request)

    @property
    def is_partial(self) -> bool:
        """Asked by htmx for a part of the page, to be put into one that is open."""
        return bool(getattr(self.request, "htmx", None))

    def crumbs(self) -> Crumbs:
        """The way here, without this page: words and addresses."""
        return [(_("Settings"), reverse("admin:webhooks"))]

    def page_context(self) -> dict[str, Any]:
        return admin.site.each_context(self.request) | {
            "title": self.title,
            "crumbs": self.crumbs(),
        }

    def render(
        self,
        context: Mapping[str, Any] | None = None,
        *,
        template: str = "",
        status: int = 200,
    ) -> HttpResponse:
        """*template*: another one than the page's own; a partial, for htmx."""
        whole = self.page_context() | dict(context or {})
        name = template or self.template_name
        return TemplateResponse(self.request, name, whole, status=status)


class WebhookPage(Page):
    """A page of one webhook: its header and tabs stand above what the page shows."""

    tab: ClassVar[str] = ""

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        # Before any right is asked for: an id of nobody's is one of somebody else's.
        self.webhook  # noqa: B018 (a lookup that may answer 404)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def webhook(self) -> Webhook:
        try:
            return self.webhooks().by_public_id(self.kwargs["webhook_id"])
        except Webhook.DoesNotExist:
            raise Http404 from None

    def webhooks(self) -> WebhookQuerySet:
        """Those that the visitor may see, with what the page shows of its own."""
        rows: WebhookQuerySet = self.visitor.webhooks().select_related(
            "tenant", "subsidiary"
        )
        return rows

    def url_of(self, name: str) -> str:
        """The address of another page of this webhook."""
        return reverse(f"admin:{name}", args=[self.webhook.public_id])

    def crumbs(self) -> Crumbs:
        way = [*super().crumbs(), (_("Webhooks"), reverse("admin:webhooks"))]
        return [*way, (self.webhook, self.url_of("webhook"))] if self.title else way

    def _disabling(self) -> AuditEvent | None:
        """Who has disabled it, and why: for the banner."""
        if self.webhook.status != Webhook.Status.DISABLED:
            return None
        return latest(
            Action.WEBHOOK_DISABLED,
            about=about_webhook(self.webhook),
            tenant_id=self.webhook.tenant_id,
        )

    def page_context(self) -> dict[str, Any]:
        return super().page_context() | {
            "title": self.title or self.webhook.name,
            "webhook": self.webhook,
            "profile": profile_named(self.webhook.profile),
            "disabling": self._disabling(),
            "tabs": tabs_of(self.webhook, chosen=self.tab, rights=self.visitor.rights),
        }
