"""Notification rules: which there are, what they found, and who is told."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Max, Q
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.models import NotificationRule
from deliveries.notifications.reading import dry_run, incidents_of
from deliveries.notifications.ready_made import READY_MADE
from deliveries.notifications.rules import (
    BadRule,
    TooManyRules,
    create_rule,
    delete_rule,
    update_rule,
)
from deliveries.pages.rule_form import NAMES, RuleForm, values_of
from deliveries.pages.rule_words import KINDS
from deliveries.policy.notification_rules import Kind
from deliveries.policy.rule_forms import UNSET
from deliveries.queue import MAIL_RULE_TEST, run_later
from subscriptions.clock import database_time
from subscriptions.pages.base import Page
from subscriptions.roles import Right

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from subscriptions.pages.base import Crumbs

PER_PAGE = 20


class RulesPage(Page):
    template_name = "webhooks/rules/list.html"
    title = gettext_lazy("Notifications")
    needs = {"get": Right.NOTIFY, "post": Right.NOTIFY}

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

    @property
    def by(self) -> str:
        return self.visitor.user.get_username()


class InnerPage(RulesPage):
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
                form.add_error(None, str(error))
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
        return unset | {NAMES[name]: value for name, value in said if name in NAMES}

    def _form(self, *data: Any, **options: Any) -> RuleForm:
        tenant = self.visitor.tenant
        return RuleForm(*data, kind=self._kind, tenant=tenant, **options)

    def _showing(self, form: RuleForm) -> HttpResponse:
        back = reverse("admin:rules")
        return self.render({"form": form, "words": KINDS[self._kind], "back": back})


def _rule(ready_made: Any) -> dict[str, Any]:
    body: dict[str, Any] = ready_made["Rule"]
    return body


class RulePage(InnerPage):
    template_name = "webhooks/rules/rule.html"
    title: ClassVar[Any] = ""

    @cached_property
    def rule(self) -> NotificationRule:
        mine = NotificationRule.objects.filter(
            tenant=self.visitor.tenant, deleted_at=None
        )
        try:
            found: NotificationRule = mine.for_display().by_public_id(
                self.kwargs["rule_id"]
            )
        except NotificationRule.DoesNotExist:
            raise Http404 from None
        return found

    def page_context(self) -> dict[str, Any]:
        return super().page_context() | {
            "title": self.title or self.rule.name,
            "rule": self.rule,
            "words": KINDS[Kind(self.rule.kind)],
            "back": self.address(),
        }

    def address(self) -> str:
        return reverse("admin:rule", args=[self.rule.public_id])

    def get(self, request: HttpRequest, rule_id: str = "") -> HttpResponse:
        pages = Paginator(incidents_of(self.rule), PER_PAGE)
        page = pages.get_page(request.GET.get("page"))
        return self.render({"page": page})


class EditRule(RulePage):
    template_name = "webhooks/rules/edit.html"
    title = gettext_lazy("Edit rule")

    def get(self, request: HttpRequest, rule_id: str = "") -> HttpResponse:
        return self.render({"form": self._form(initial=values_of(self.rule))})

    def post(self, request: HttpRequest, rule_id: str) -> HttpResponse:
        form = self._form(request.POST)
        if not form.is_valid():
            return self.render({"form": form})
        try:
            self.change(form.fields_of_rule())
        except BadRule as error:
            form.refuse(error.problems)
            return self.render({"form": form})
        messages.success(request, _("The rule is changed."))
        return redirect(self.address())

    def change(self, changes: dict[str, Any]) -> None:
        update_rule(
            self.rule,
            changes=changes,
            updated_by=self.by,
            now=database_time(),
            origin=self.origin,
        )

    def _form(self, *data: Any, **options: Any) -> RuleForm:
        kind, tenant = Kind(self.rule.kind), self.visitor.tenant
        return RuleForm(*data, kind=kind, tenant=tenant, **options)


class SwitchRule(EditRule):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, rule_id: str) -> HttpResponse:
        is_on = request.POST.get("is_enabled") == "1"
        self.change({"is_enabled": is_on})
        messages.success(
            request, _("The rule is on.") if is_on else _("The rule is off.")
        )
        return redirect(self.address())


class TestRule(RulePage):
    """Says what the rule would find now, and mails its recipients a test."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, rule_id: str) -> HttpResponse:
        found = dry_run(self.rule, now=database_time())
        mail = partial(run_later, MAIL_RULE_TEST, self.rule.pk, self.by)
        transaction.on_commit(mail)
        if self.is_partial:
            return self.render({"found": found}, template="webhooks/rules/found.html")
        page = Paginator(incidents_of(self.rule), PER_PAGE).get_page(1)
        return self.render({"found": found, "page": page})


class DeleteRule(RulePage):
    template_name = "webhooks/rules/delete.html"
    title = gettext_lazy("Delete rule")

    def page_context(self) -> dict[str, Any]:
        base = "skin/dialog.html" if self.is_partial else "skin/page.html"
        return super().page_context() | {"base": base}

    def get(self, request: HttpRequest, rule_id: str = "") -> HttpResponse:
        return self.render()

    def post(self, request: HttpRequest, rule_id: str) -> HttpResponse:
        delete_rule(self.rule, now=database_time(), origin=self.origin)
        messages.success(request, _("%s is deleted.") % self.rule.name)
        return redirect("admin:rules")
