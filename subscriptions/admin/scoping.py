"""Who sees what of the raw tables: the platform's own staff, all of it.

A tenant's people have pages instead, and are answered 403 here whatever rights they
hold, also a superuser. Should a table open itself to them, it shows the rows of their
tenant and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin

from subscriptions.models import Tenant
from subscriptions.plain_text import visible

if TYPE_CHECKING:
    from django.db.models import ForeignKey, Model, QuerySet
    from django.forms import ModelChoiceField
    from django.http import HttpRequest

    from subscriptions.models import User

    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


def as_typed(field: str) -> Any:
    """A column whose words come from outside: shown as text, with nothing hidden."""

    @admin.display(description=field.replace("_", " "), ordering=field)
    def shown(row: Any) -> str:
        return visible(getattr(row, field))

    shown.__name__ = field
    return shown


def tenant_id_of(request: HttpRequest) -> int | None:
    return cast("User", request.user).tenant_id


class SupportOnlyAdmin(ModelAdmin):
    """A table that nobody sees who belongs to a tenant."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _allows(super().has_module_permission, request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _allows(super().has_view_permission, request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _allows(super().has_add_permission, request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _allows(super().has_change_permission, request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _allows(super().has_delete_permission, request, obj)


class TenantScopedAdmin(SupportOnlyAdmin):
    """Shows a user with a tenant the rows of that tenant."""

    tenant_path: ClassVar[str] = "tenant"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        tenant_id = tenant_id_of(request)
        return (
            rows if tenant_id is None else rows.filter(**{self.tenant_path: tenant_id})
        )

    def get_list_filter(self, request: HttpRequest) -> Any:
        # The choices of a filter are not scoped: they would name the other tenants.
        filters = super().get_list_filter(request)
        if tenant_id_of(request) is None:
            return filters
        return [name for name in filters if name != "tenant"]

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        tenant_id = tenant_id_of(request)
        if db_field.remote_field.model is Tenant and tenant_id is not None:
            # Not even nobody's: a user or client without a tenant is the platform's.
            own = Tenant.objects.filter(pk=tenant_id)
            kwargs |= {"queryset": own, "required": True, "empty_label": None}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class PlatformOnly:
    """Changed by the platform's own staff alone."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return _allows(super().has_add_permission, request, *args)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, *args: Any) -> bool:
        return _allows(super().has_change_permission, request, *args)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, *args: Any) -> bool:
        return _allows(super().has_delete_permission, request, *args)  # type: ignore[misc]


def _allows(permission: Any, request: HttpRequest, *args: Any) -> bool:
    return tenant_id_of(request) is None and bool(permission(request, *args))


class ReadOnlyAdmin(SupportOnlyAdmin):
    """Rows that somebody else writes: the engine, the API, the catalogue's files."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False
