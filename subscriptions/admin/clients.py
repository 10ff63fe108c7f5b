from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.template.response import TemplateResponse
from django.utils import timezone

from subscriptions.admin.auditing import AuditedAdmin, origin_of
from subscriptions.admin.confirming import ConfirmedChanges
from subscriptions.admin.scoping import TenantScopedAdmin, tenant_id_of
from subscriptions.audit import About, Action, about_client
from subscriptions.models import ApiClient
from subscriptions.scopes import SCOPES
from subscriptions.spoken import spoken
from subscriptions.tenancy import (
    TooManyClients,
    UnknownScopes,
    create_api_client,
    refuse_too_many_clients,
    refuse_unknown_scopes,
    revoke_api_client,
    scopes_that_tenants_may_grant,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from subscriptions.audit import Changes

    ModelForm = forms.ModelForm[ApiClient]
else:
    ModelForm = forms.ModelForm

CREATED = "admin/subscriptions/apiclient/created.html"


class ApiClientForm(ModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields.get("scopes")
        if field:
            # What the platform granted can be kept by who could not grant it.
            held = self.instance.scopes.split()
            self.initial["scopes"] = held
            field.choices = _choices({*held, *dict(field.choices)})

    def clean_scopes(self) -> str:
        return " ".join(self.cleaned_data["scopes"])

    def clean(self) -> None:
        tenant = self.cleaned_data.get("tenant", self.instance.tenant)
        scopes = self.cleaned_data.get("scopes", "").split()
        try:
            refuse_unknown_scopes(scopes, tenant=tenant)
            if self.instance.pk is None and tenant is not None:
                # Locks the tenant; the admin saves in the same transaction.
                refuse_too_many_clients(tenant)
        except (UnknownScopes, TooManyClients) as error:
            raise forms.ValidationError(spoken(error)) from None


def _choices(names: Collection[str]) -> list[tuple[str, str]]:
    return [(name, f"{name}: {SCOPES[name]}") for name in SCOPES if name in names]


@admin.register(ApiClient)
class ApiClientAdmin(ConfirmedChanges, AuditedAdmin, TenantScopedAdmin):
    # create_api_client records it.
    created = None
    updated, deleted = Action.CLIENT_UPDATED, Action.CLIENT_DELETED
    form = ApiClientForm
    list_display = ("name", "tenant", "client_id", "scopes", "created", "expires_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    search_fields = ("name", "client_id")
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        chosen = ("name", "tenant", "scopes", "expires_at")
        return (*chosen, "client_id", "created") if obj else chosen

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("client_id", "created", "tenant") if obj else ()

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name != "scopes":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        is_platform = tenant_id_of(request) is None
        names = SCOPES if is_platform else scopes_that_tenants_may_grant()
        return forms.MultipleChoiceField(
            choices=_choices(names), widget=forms.CheckboxSelectMultiple
        )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # A filter on the hash would tell it, one character after the other.
        is_secret = lookup.startswith("client_secret")
        return not is_secret and super().lookup_allowed(lookup, value, request)

    def about(self, row: ApiClient) -> About:
        return about_client(row)

    def changes_of(self, form: Any) -> Changes:
        changes = super().changes_of(form)
        if "Scopes" in changes:
            changes["Scopes"]["After"] = form.cleaned_data["scopes"].split()
        return changes

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: Any
    ) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        created = create_api_client(
            tenant=obj.tenant,
            name=obj.name,
            scopes=obj.scopes.split(),
            expires_at=obj.expires_at,
            origin=origin_of(request),
        )
        obj.pk = created.client.pk
        obj.refresh_from_db()
        obj.new_secret = created.secret

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The secret stands in this answer alone: no cookie and no row keeps it."""
        context = self.admin_site.each_context(request) | {
            "title": f"{obj.name} was created",
            "client": obj,
            "secret": obj.new_secret,
        }
        return TemplateResponse(request, CREATED, context)

    @admin.action(description="Revoke selected API clients", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiClient]) -> None:
        for client in queryset:
            revoke_api_client(client, now=timezone.now(), origin=origin_of(request))
        self.message_user(request, f"{len(queryset)} revoked.")
