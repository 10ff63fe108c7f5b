from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group

from subscriptions.admin.auditing import AuditedAdmin, origin_of
from subscriptions.admin.confirming import ConfirmedChanges, ConfirmedPasswords
from subscriptions.admin.scoping import (
    PlatformOnly,
    SupportOnlyAdmin,
    TenantScopedAdmin,
)
from subscriptions.audit import About, Action, about_tenant, about_user
from subscriptions.logins import recording_new_password
from subscriptions.models import Subsidiary, Tenant, User

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    TabularInline = admin.TabularInline[Subsidiary, Tenant]
    DjangoUserAdmin = UserAdmin[User]
else:
    TabularInline = admin.TabularInline
    DjangoUserAdmin = UserAdmin


class SubsidiaryInline(PlatformOnly, TabularInline):
    model = Subsidiary
    extra = 0


@admin.register(Tenant)
class TenantAdmin(PlatformOnly, AuditedAdmin, TenantScopedAdmin):
    tenant_path = "pk"
    created, updated = Action.TENANT_CREATED, Action.TENANT_UPDATED
    deleted = Action.TENANT_DELETED
    list_display = ("company_code", "name", "delivers_in_order", "created_at")
    search_fields = ("company_code", "name")
    fields = (
        "public_id",
        "company_code",
        "name",
        "delivers_in_order",
        "retention_days",
        "created_at",
    )
    readonly_fields = ("public_id", "created_at")
    inlines = (SubsidiaryInline,)

    def about(self, row: Tenant) -> About:
        return about_tenant(row)

    def tenant_id_of(self, row: Tenant) -> int:
        return row.pk


@admin.register(User)
class PersonAdmin(ConfirmedPasswords, AuditedAdmin, TenantScopedAdmin, DjangoUserAdmin):
    created, updated = Action.USER_CREATED, Action.USER_UPDATED
    deleted = Action.USER_DELETED
    list_display = ("username", "email", "tenant", "is_staff", "is_active")
    list_filter = ("tenant", "is_staff", "is_active")
    list_select_related = ("tenant",)
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        ("Tenant", {"fields": ("tenant", "role")}),
    )
    add_fieldsets = (*UserAdmin.add_fieldsets, ("Tenant", {"fields": ("tenant",)}))

    def about(self, row: User) -> About:
        return about_user(row)

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 (the name is Django's)
        form_url: str = "",
    ) -> HttpResponse:
        with recording_new_password(id, origin=origin_of(request)):
            changed: HttpResponse = super().user_change_password(request, id, form_url)
        return changed


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(ConfirmedChanges, AuditedAdmin, SupportOnlyAdmin, GroupAdmin):
    """Rights are the platform's to give."""

    created, updated = Action.ROLE_CREATED, Action.ROLE_UPDATED
    deleted = Action.ROLE_DELETED

    def about(self, row: Group) -> About:
        return About("role", row.name, row.name)

    def tenant_id_of(self, row: Group) -> None:
        return None
