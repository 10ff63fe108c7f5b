"""Settings → Notifications: which rules there are, and a new one."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.models import NotificationRule
from deliveries.notifications.ready_made import READY_MADE
from deliveries.notifications.rules import (
    BadRule,
    TooManyRules,
    create_rule,
)
from deliveries.pages.rule_form import NAMES, RuleForm
from deliveries.pages.rule_words import KINDS
from deliveries.policy.notification_rules import Kind
from deliveries.policy.rule_forms import UNSET
from subscriptions.clock import database_time
from subscriptions.pages.base import Page
from subscriptions.roles import Right
from subscriptions.spoken import spoken

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from subscriptions.pages.base import Crumbs


class OfRules(Page):
    needs = {"get": Right.NOTIFY, "post": Right.NOTIFY}

    @property
    def by(self) -> str:
        return self.visitor.user.get_username()


class RulesPage(OfRules):
    template_name = "webhooks/rules/list.html"
    title = gettext_lazy("Notifications")

    def get(self, request: HttpRequest) -> HttpResponse:
        mine = NotificationRule.objects.filter(tenant=self.visitor.tenant)
        rules = (
            mine.filter(deleted_at=None)
            .select_related("subsidiary", "webhook")
            .annotate(
                open_count=Count("incidents", Q(incidents__resolved_at=None)),
                last_at=Max("incidents__opened_at"),
            )
            .order_by("-open_count", "name", "pk")
        )
        return self.render({"rows": [(rule, KINDS[Kind(rule.kind)]) for rule in rules]})


class InnerPage(OfRules):
    """A page below the list."""

    def crumbs(self) -> Crumbs:
        above = (_("Notifications"), reverse("admin:rules"))
        return [*super().crumbs(), above]


class NewRulePage(InnerPage):
    """First which of the ready-made ones, then its form."""

    template_name = "webhooks/rules/edit.html"
    title = gettext_lazy("Add rule")

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.ready_made is None:
            told = [
                (place, _rule(each)["Name"], each["Description"])
                for place, each in enumerate(READY_MADE)
            ]
            return self.render({"ready_made": told}, template="webhooks/rules/new.html")
        return self._showing(self._form(initial=self._initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        if self.ready_made is None:
            raise Http404
        form = self._form(request.POST)
        if form.is_valid() and self.visitor.tenant:
            try:
                rule = create_rule(
                    tenant=self.visitor.tenant,
                    created_by=self.by,
                    now=database_time(),
                    origin=self.origin,
                    kind=str(self._kind),
                    **form.fields_of_rule(),
                )
            except BadRule as error:
                form.refuse(error.problems)
            except TooManyRules as error:
                form.add_error(None, spoken(error))
            else:
                messages.success(request, _("The rule is added."))
                return redirect("admin:rule", rule.public_id)
        return self._showing(form)

    @cached_property
    def ready_made(self) -> dict[str, Any] | None:
        """That of the address; None for any other word."""
        places = {str(place): each for place, each in enumerate(READY_MADE)}
        found = places.get(self.request.GET.get("from", ""))
        return _rule(found) if found else None

    @property
    def _kind(self) -> Kind:
        return Kind((self.ready_made or {})["Kind"])

    @property
    def _initial(self) -> dict[str, Any]:
        unset = UNSET | {"window_minutes": 60, "minimum_volume": 1, "threshold": 1}
        said = (self.ready_made or {}).items()
        told = {NAMES[name]: value for name, value in said if name in NAMES}
        name: str = told["name"]
        return unset | told | {"name": _(name)}

    def _form(self, *data: Any, **options: Any) -> RuleForm:
        tenant = self.visitor.tenant
        return RuleForm(*data, kind=self._kind, tenant=tenant, **options)

    def _showing(self, form: RuleForm) -> HttpResponse:
        back = reverse("admin:rules")
        return self.render({"form": form, "words": KINDS[self._kind], "back": back})


def _rule(ready_made: Any) -> dict[str, Any]:
    body: dict[str, Any] = ready_made["Rule"]
    return body
