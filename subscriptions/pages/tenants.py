"""Platform → Tenants: whom the platform serves, and on which terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from subscriptions.conf import get_conf
from subscriptions.identifiers import NotAnIdentifier, decode
from subscriptions.models import ApiClient, Subsidiary, Tenant, User, Webhook
from subscriptions.pages.base import Page
from subscriptions.pages.tenant_forms import SubsidiaryForm, TermsForm
from subscriptions.roles import Right
from subscriptions.tenancy import MAX_CLIENTS_PER_TENANT, ensure_tenant
from subscriptions.tenant_changes import rename_subsidiary, update_tenant

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from subscriptions.pages.base import Crumbs

PER_PAGE = 50
NEEDS = {"get": Right.TENANTS, "post": Right.TENANTS}


class TenantListPage(Page):
    template_name = "settings/tenants/list.html"
    title = _("Tenants")
    needs = NEEDS

    def get(self, request: HttpRequest) -> HttpResponse:
        words = request.GET.get("q", "").strip().replace("\0", "")
        wanted = Q(name__icontains=words) | Q(company_code__icontains=words)
        tenants = _counted(Tenant.objects.filter(wanted))
        page = Paginator(tenants, PER_PAGE).get_page(request.GET.get("page"))
        context = {"page": page, "words": words, "limits": _limits()}
        return self.render(context)

    def crumbs(self) -> Crumbs:
        return []


class _OneTenant(Page):
    needs = NEEDS

    @cached_property
    def tenant(self) -> Any:
        try:
            uid = decode("ten", self.kwargs["tenant_id"])
        except NotAnIdentifier:
            raise Http404 from None
        found = _counted(Tenant.objects.filter(uid=uid)).first()
        if found is None:
            raise Http404
        return found

    @property
    def may_change(self) -> bool:
        """Some of the support only look: that is for the platform's operators to say."""
        return self.visitor.user.has_perm("subscriptions.change_tenant")

    def refuse_onlookers(self) -> None:
        if not self.may_change:
            raise PermissionDenied

    def crumbs(self) -> Crumbs:
        return [(_("Tenants"), reverse("admin:tenants"))]

    def showing(
        self, form: TermsForm | None = None, subsidiary: SubsidiaryForm | None = None
    ) -> HttpResponse:
        names = ("name", "delivers_in_order", "retention_days")
        held = {name: getattr(self.tenant, name) for name in names}
        context = {
            "title": self.tenant.name,
            "tenant": self.tenant,
            "form": form or TermsForm(initial=held),
            "subsidiary_form": subsidiary or SubsidiaryForm(auto_id="new_%s"),
            "subsidiaries": list(Subsidiary.objects.filter(tenant=self.tenant)),
            "may_change": self.may_change,
            "limits": _limits(),
        }
        return self.render(context, template="settings/tenants/tenant.html")

    def done(self, sentence: str) -> HttpResponse:
        messages.success(self.request, sentence)
        return redirect("admin:tenant", self.tenant.public_id)


class TenantPage(_OneTenant):
    def get(self, request: HttpRequest, tenant_id: str) -> HttpResponse:
        return self.showing()

    def post(self, request: HttpRequest, tenant_id: str) -> HttpResponse:
        self.refuse_onlookers()
        form = TermsForm(request.POST)
        if not form.is_valid():
            return self.showing(form)
        update_tenant(self.tenant, form.terms, origin=self.origin)
        return self.done(gettext("%s is changed.") % self.tenant.name)


class AddSubsidiary(_OneTenant):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, tenant_id: str) -> HttpResponse:
        self.refuse_onlookers()
        form = SubsidiaryForm(request.POST, auto_id="new_%s")
        if not form.is_valid():
            return self.showing(subsidiary=form)
        code, name = form.cleaned_data["code"], form.cleaned_data["name"]
        _tenant, added = ensure_tenant(
            company_code=self.tenant.company_code,
            name=self.tenant.name,
            subsidiaries={code: name},
            origin=self.origin,
        )
        if not added:
            form.add_error("code", gettext("This code is taken."))
            return self.showing(subsidiary=form)
        return self.done(gettext("Subsidiary %s is added.") % code)


class RenameSubsidiary(_OneTenant):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, tenant_id: str) -> HttpResponse:
        self.refuse_onlookers()
        mine = Subsidiary.objects.filter(tenant=self.tenant)
        subsidiary = mine.filter(code=request.POST.get("code", "")).first()
        if subsidiary is None:
            raise Http404
        name = request.POST.get("name", "").strip()
        if not 0 < len(name) <= Subsidiary._meta.get_field("name").max_length:  # type: ignore[operator]  # noqa: SLF001 (documented)
            messages.error(request, gettext("A name has 1 to 200 characters."))
            return redirect("admin:tenant", self.tenant.public_id)
        rename_subsidiary(subsidiary, name=name, origin=self.origin)
        return self.done(gettext("Subsidiary %s is renamed.") % subsidiary.code)


def _limits() -> dict[str, Any]:
    return {
        "webhooks": get_conf().max_webhooks,
        "clients": MAX_CLIENTS_PER_TENANT,
        "retention": settings.WEBHOOKS_RETENTION_DAYS.days,
    }


def _counted(tenants: QuerySet[Tenant]) -> QuerySet[Tenant]:
    """In one query; joins of several such counts would multiply each other."""
    return tenants.annotate(
        subsidiary_count=_count_of(Subsidiary.objects.all()),
        webhook_count=_count_of(Webhook.objects.present()),
        client_count=_count_of(ApiClient.objects.all()),
        person_count=_count_of(User.objects.filter(is_active=True)),
    )


def _count_of(rows: QuerySet[Any]) -> Coalesce:
    own = rows.filter(tenant=OuterRef("pk")).order_by().values("tenant")
    counted = own.annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())
