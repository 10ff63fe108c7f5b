"""Settings → API clients: the programs that act for the tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from subscriptions.client_changes import delete_api_client, update_api_client
from subscriptions.clock import database_time
from subscriptions.models import ApiClient
from subscriptions.pages.asking import Act
from subscriptions.pages.client_form import ClientForm
from subscriptions.pages.first_calls import first_calls
from subscriptions.pages.tenant_pages import TenantPage
from subscriptions.roles import Right
from subscriptions.sessions import recently_confirmed
from subscriptions.spoken import spoken
from subscriptions.tenancy import (
    MAX_CLIENTS_PER_TENANT,
    TooManyClients,
    create_api_client,
    revoke_api_client,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

    from subscriptions.pages.base import Crumbs

NEEDS = {"get": Right.CLIENTS, "post": Right.CLIENTS}


class ClientListPage(TenantPage):
    template_name = "settings/clients/list.html"
    title = _("API clients")
    needs = NEEDS

    def get(self, request: HttpRequest) -> HttpResponse:
        mine = ApiClient.objects.filter(tenant=self.tenant)
        clients = mine.annotate(last_token_at=Max("accesstoken__created"))
        context = {
            "clients": list(clients.order_by("name", "pk")),
            "limit": MAX_CLIENTS_PER_TENANT,
            "now": database_time(),
        }
        return self.render(context)


class _ClientPage(TenantPage):
    needs = NEEDS

    def crumbs(self) -> Crumbs:
        clients = (_("API clients"), reverse("admin:api_clients"))
        return [*super().crumbs(), clients]


@method_decorator(recently_confirmed, name="get")
@method_decorator(recently_confirmed, name="post")
class NewClientPage(_ClientPage):
    template_name = "settings/clients/new.html"
    title = _("Add API client")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(self._context(ClientForm(now=database_time())))

    def post(self, request: HttpRequest) -> HttpResponse:
        """The secret stands in this answer alone: no cookie and no row keeps it."""
        form = ClientForm(request.POST, now=database_time())
        if not form.is_valid():
            return self.render(self._context(form))
        try:
            created = create_api_client(
                tenant=self.tenant,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=form.expires_at,
                origin=self.origin,
            )
        except TooManyClients as error:
            form.add_error(None, spoken(error))
            return self.render(self._context(form))
        context = {
            "title": gettext("API client created"),
            "client": created.client,
            "secret": created.secret,
            "calls": first_calls(request, created),
        }
        answer = self.render(context, template="settings/clients/created.html")
        add_never_cache_headers(answer)
        return answer

    def _context(self, form: ClientForm) -> dict[str, Any]:
        count = ApiClient.objects.filter(tenant=self.tenant).count()
        is_full = count >= MAX_CLIENTS_PER_TENANT
        return {"form": form, "limit": MAX_CLIENTS_PER_TENANT, "is_full": is_full}


class _OneClient(_ClientPage):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if Right.CLIENTS in self.visitor.rights:
            # Before it is asked who it is: an id of nobody's is somebody else's.
            self.client  # noqa: B018 (a lookup that may answer 404)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def client(self) -> ApiClient:
        mine = ApiClient.objects.filter(tenant=self.tenant)
        mine = mine.annotate(last_token_at=Max("accesstoken__created"))
        found: ApiClient | None = mine.filter(
            client_id=self.kwargs["client_id"]
        ).first()
        if found is None:
            raise Http404
        return found

    @property
    def has_ended(self) -> bool:
        return not self.client.is_usable(self.request)


@method_decorator(recently_confirmed, name="post")
class ClientPage(_OneClient):
    template_name = "settings/clients/client.html"

    def get(self, request: HttpRequest, client_id: str) -> HttpResponse:
        return self._showing(ClientForm(client=self.client, now=database_time()))

    def post(self, request: HttpRequest, client_id: str) -> HttpResponse:
        form = ClientForm(request.POST, client=self.client, now=database_time())
        if self.has_ended or not form.is_valid():
            return self._showing(form)
        try:
            update_api_client(
                self.client,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=form.expires_at,
                origin=self.origin,
            )
        except ValidationError as error:
            form.add_error("name", error)
            return self._showing(form)
        messages.success(request, gettext("%s is changed.") % self.client.name)
        return redirect(request.path)

    def _showing(self, form: ClientForm) -> HttpResponse:
        context = {
            "title": self.client.name or self.client.client_id,
            "client": self.client,
            "form": form,
            "has_ended": self.has_ended,
        }
        return self.render(context)


class _ClientAct(Act, _OneClient):
    def question(self) -> Mapping[str, Any]:
        return {"client": self.client}

    def after(self) -> str:
        return reverse("admin:api_clients")


@method_decorator(recently_confirmed, name="post")
class RevokeClient(_ClientAct):
    template_name = "settings/clients/revoke.html"
    title = _("Revoke API client")

    def act(self) -> Any:
        if not self.has_ended:
            revoke_api_client(self.client, now=database_time(), origin=self.origin)
        return gettext("%s is revoked.") % self.client.name


@method_decorator(recently_confirmed, name="post")
class DeleteClient(_ClientAct):
    """Makes room for another: those that have ended count, too."""

    template_name = "settings/clients/delete.html"
    title = _("Delete API client")

    def act(self) -> Any:
        delete_api_client(self.client, origin=self.origin)
        return gettext("%s is deleted.") % self.client.name
