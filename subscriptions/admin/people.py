from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group

from subscriptions.admin.scoping import PlatformOnly, TenantScopedAdmin, tenant_id_of
from subscriptions.models import Subsidiary, Tenant, User

if TYPE_CHECKING:
    from django.http import HttpRequest

    TabularInline = admin.TabularInline[Subsidiary, Tenant]
    DjangoUserAdmin = UserAdmin[User]
else:
    TabularInline = admin.TabularInline
    DjangoUserAdmin = UserAdmin

# What a tenant's admin may decide about a colleague: no rights, no other tenant.
OF_A_COLLEAGUE = (
    (None, {"fields": ("username", "password", "tenant")}),
    ("Person", {"fields": ("first_name", "last_name", "email")}),
    ("Access", {"fields": ("is_active", "is_staff")}),
)


class SubsidiaryInline(PlatformOnly, TabularInline):
    model = Subsidiary
    extra = 0


@admin.register(Tenant)
class TenantAdmin(PlatformOnly, TenantScopedAdmin):
    tenant_path = "pk"
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


@admin.register(User)
class PersonAdmin(TenantScopedAdmin, DjangoUserAdmin):
    list_display = ("username", "email", "tenant", "is_staff", "is_active")
    list_filter = ("tenant", "is_staff", "is_active")
    list_select_related = ("tenant",)
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Tenant", {"fields": ("tenant",)}))
    add_fieldsets = (*UserAdmin.add_fieldsets, ("Tenant", {"fields": ("tenant",)}))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is not None and tenant_id_of(request) is not None:
            return OF_A_COLLEAGUE
        return super().get_fieldsets(request, obj)


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(PlatformOnly, GroupAdmin):
    """Rights are the platform's to give."""
