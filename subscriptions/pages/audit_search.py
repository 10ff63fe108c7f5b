"""Which part of the audit log somebody wants to see."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from subscriptions.audit import Action
from subscriptions.models import AuditEvent, Tenant
from subscriptions.pages.audit_words import in_words

if TYPE_CHECKING:
    from datetime import date

    from subscriptions.models.audit import AuditEventQuerySet
    from subscriptions.pages.visitor import Visitor

DAY = {"type": "date"}


class AuditSearch(forms.Form):
    """Bound to the address. What is wrong in it narrows nothing, and is said."""

    tenant = forms.ChoiceField(label=_("Tenant"), required=False)
    actor = forms.CharField(label=_("Who"), required=False, max_length=255)
    action = forms.ChoiceField(label=_("What happened"), required=False)
    object = forms.CharField(label=_("Object"), required=False, max_length=255)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs=DAY)
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs=DAY)
    )

    def __init__(self, *args: Any, visitor: Visitor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visitor = visitor
        self._offer("action", _("Anything"), [(str(a), in_words(a)) for a in Action])
        if visitor.is_support:
            known = Tenant.objects.values_list("company_code", "name")
            self._offer("tenant", _("All tenants"), list(known))
        else:
            del self.fields["tenant"]

    def _offer(self, name: str, nothing: Any, choices: list[tuple[str, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = [("", nothing), *choices]

    def clean(self) -> None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", _("This must not be before the first day."))

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def events(self) -> AuditEventQuerySet:
        """What the visitor may see of what is wanted; the newest first."""
        self.is_valid()
        tenant, wanted = self.visitor.tenant, self.cleaned_data
        every: AuditEventQuerySet = AuditEvent.objects.all()
        mine = every if tenant is None else every.of(tenant)
        return mine.filter(*_conditions(wanted))


def _conditions(wanted: dict[str, Any]) -> list[Q]:
    words = {name: wanted.get(name) for name in ("tenant", "actor", "action", "object")}
    found = {
        "tenant": Q(tenant__company_code=words["tenant"]),
        "actor": Q(actor_name__icontains=words["actor"]),
        "action": Q(action=words["action"]),
        "object": Q(object_id=words["object"])
        | Q(object_name__icontains=words["object"]),
    }
    asked = [condition for name, condition in found.items() if words[name]]
    return [*asked, *_period(wanted.get("since"), wanted.get("until"))]


def _period(since: date | None, until: date | None) -> list[Q]:
    """Days in UTC, of which the whole counts."""
    conditions = []
    if since:
        first = datetime.combine(since, time.min, tzinfo=UTC)
        conditions.append(Q(created_at__gte=first))
    if until:
        last = datetime.combine(until, time.max, tzinfo=UTC)
        conditions.append(Q(created_at__lte=last))
    return conditions
