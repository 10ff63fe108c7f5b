"""What people change in the admin is recorded with the change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelChoiceField, ModelMultipleChoiceField

from subscriptions import audit
from subscriptions.audit import changes_between
from subscriptions.origins import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.forms import BaseForm
    from django.http import HttpRequest

    from subscriptions.audit import About, Action, Changes

    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


def origin_of(request: HttpRequest) -> Origin:
    return Origin.of_person(request)


class AuditedAdmin(ModelAdmin):
    """Records creation, change and deletion, in the transaction of each.

    ``created`` is None where an operation that the admin calls records it.
    """

    created: ClassVar[Action | None]
    updated: ClassVar[Action]
    deleted: ClassVar[Action]

    def about(self, row: Any) -> About:
        raise NotImplementedError

    def tenant_id_of(self, row: Any) -> int | None:
        tenant_id: int | None = row.tenant_id
        return tenant_id

    def changes_of(self, form: Any) -> Changes:
        return changes_of(form)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: Any
    ) -> None:
        super().save_related(request, form, formsets, change)
        changes = self.changes_of(form) | _changes_of_inlines(formsets)
        action = self.updated if change else self.created
        if action and (changes or not change):
            self.record(action, form.instance, request, changes)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.record(self.deleted, obj, request)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        with transaction.atomic():
            for row in queryset:
                self.record(self.deleted, row, request)
            super().delete_queryset(request, queryset)

    def record(
        self,
        action: Action,
        row: Any,
        request: HttpRequest,
        changes: Changes | None = None,
    ) -> None:
        audit.record(
            action,
            origin=origin_of(request),
            about=self.about(row),
            tenant_id=self.tenant_id_of(row),
            changes=changes,
        )


def changes_of(form: BaseForm) -> Changes:
    """What a valid form changes; passwords are left out."""
    names = [name for name in form.changed_data if "password" not in name]
    before = {name: _before(form, name) for name in names}
    after = {name: _plain(form.cleaned_data.get(name)) for name in names}
    return changes_between(before, after)


def _before(form: BaseForm, name: str) -> Any:
    value, field = form.initial.get(name), form.fields[name]
    is_one_row = isinstance(field, ModelChoiceField)
    if is_one_row and not isinstance(field, ModelMultipleChoiceField):
        value = field.to_python(value)
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, QuerySet | list | tuple):
        return sorted(str(each) for each in value)
    if hasattr(value, "isoformat"):
        return cast("datetime", value).isoformat()
    return value if value is None or isinstance(value, bool | int) else str(value)


def _changes_of_inlines(formsets: Iterable[Any]) -> Changes:
    found: dict[str, list[str]] = {"added": [], "changed": [], "deleted": []}
    for formset in formsets:
        kind = formset.model._meta.verbose_name  # noqa: SLF001 (documented)
        changed = [row for row, _ in formset.changed_objects]
        rows = (formset.new_objects, changed, formset.deleted_objects)
        for names, some in zip(found.values(), rows, strict=True):
            names += [f"{kind} {row}" for row in some]
    return changes_between({}, {name: rows for name, rows in found.items() if rows})
