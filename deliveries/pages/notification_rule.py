"""One notification rule: what it found, its settings, its switch and its end."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.models import NotificationRule
from deliveries.notifications.reading import dry_run, incidents_of
from deliveries.notifications.rules import BadRule, delete_rule, update_rule
from deliveries.pages.notification_rules import InnerPage
from deliveries.pages.rule_facts import facts_of
from deliveries.pages.rule_form import RuleForm, values_of
from deliveries.pages.rule_words import KINDS
from deliveries.policy.notification_rules import Kind
from deliveries.queue import MAIL_RULE_TEST, run_later
from subscriptions.clock import database_time
from subscriptions.pages.asking import Act
from subscriptions.pages.filter_rows import FilterEntry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PER_PAGE = 20


class OfRule(InnerPage):
    """A page of one rule; of another tenant's it knows nothing."""

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


class RulePage(OfRule):
    """Its incidents, and what a test of it found just now."""

    template_name = "webhooks/rules/rule.html"

    def get(self, request: HttpRequest, rule_id: str) -> HttpResponse:
        return self.showing()

    def showing(self, **found: Any) -> HttpResponse:
        pages = Paginator(incidents_of(self.rule), PER_PAGE)
        page = pages.get_page(self.request.GET.get("page"))
        conditions = FilterEntry.of(self.rule.payload).rows
        said = {"page": page, "facts": facts_of(self.rule), "conditions": conditions}
        return self.render(said | found)


class EditRule(OfRule):
    template_name = "webhooks/rules/edit.html"
    title = gettext_lazy("Edit rule")

    def get(self, request: HttpRequest, rule_id: str) -> HttpResponse:
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
        return self.showing(found=found)


class DeleteRule(Act, OfRule):
    template_name = "webhooks/rules/delete.html"
    title = gettext_lazy("Delete rule")

    def act(self) -> str:
        delete_rule(self.rule, now=database_time(), origin=self.origin)
        return _("%s is deleted.") % self.rule.name

    def after(self) -> str:
        return reverse("admin:rules")

    def back(self) -> str:
        return self.address()
