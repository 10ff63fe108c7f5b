"""Send a test to a webhook and see what its server answers; verify its URL."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.logs.finding import find_entry
from deliveries.logs.trials import last_tests
from deliveries.models import Attempt, Delivery, log_id
from deliveries.pages.retelling import retold
from deliveries.webhook_tests import (
    TEST,
    TooManyTests,
    event_for_test,
    publish_test,
)
from subscriptions.clock import database_time
from subscriptions.models import EventType
from subscriptions.pages.base import WebhookPage
from subscriptions.profiles import profile as profile_named
from subscriptions.roles import Right
from subscriptions.spoken import spoken
from subscriptions.webhooks import NothingToVerify, request_verification

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from deliveries.logs import LogEntry
    from subscriptions.models.event_types import EventTypeQuerySet

SHOWN = 5


class TestingPage(WebhookPage):
    """What a page of tests is made of; each method asks for the right to send them."""

    __test__ = False
    tab = "webhook_test"
    title = gettext_lazy("Test")
    needs = {"get": Right.TEST, "post": Right.TEST}

    def chosen(self, asked: str) -> str:
        """The event type that *asked* names; a plain test, if it names none."""
        return asked if asked in {*self.subscribed, *self.others} else TEST

    @cached_property
    def subscribed(self) -> list[str]:
        return _names(self._types.filter(subscriptions__webhook=self.webhook))

    @cached_property
    def others(self) -> list[str]:
        return _names(self._types.exclude(name__in=[TEST, *self.subscribed]))

    @property
    def _types(self) -> EventTypeQuerySet:
        return EventType.objects.of(self.webhook.profile).subscribable()

    def outcome(self, sent: str = "", *, refusal: str = "") -> dict[str, Any]:
        """Of the delivery *sent*, with those before it."""
        entry = self._entry(sent) if sent else None
        return {
            "sent": sent,
            "entry": entry,
            "explanation": entry and entry.explained(say=retold),
            "is_waiting": entry is not None and entry.attempt is None,
            "is_good": entry is not None and entry.status == Attempt.Status.SUCCESS,
            "refusal": refusal,
            "tests": last_tests(self.webhook, limit=SHOWN),
        }

    def _entry(self, public_id: str) -> LogEntry | None:
        tests = Delivery.objects.filter(webhook=self.webhook, is_test=True)
        try:
            return find_entry(self.webhook, log_id(tests.by_public_id(public_id), 1))
        except Delivery.DoesNotExist:
            return None


def _names(types: EventTypeQuerySet) -> list[str]:
    return list(types.order_by("name").values_list("name", flat=True))


class SendTestPage(TestingPage):
    """Asked by htmx, it answers with the sample of the chosen event type alone."""

    template_name = "webhooks/test/page.html"

    def get(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        chosen = self.chosen(request.GET.get("event_type", ""))
        sample = {"chosen": chosen, "sample": self._sample(chosen)}
        if self.is_partial:
            return self.render(sample, template="webhooks/test/sample.html")
        policy = profile_named(self.webhook.profile).policy
        return self.render(
            sample
            | self.outcome(request.GET.get("sent", ""))
            | {
                "plain": TEST,
                "subscribed": self.subscribed,
                "others": self.others,
                "verifies": policy.verifies_ownership,
            }
        )

    def _sample(self, event_type: str) -> str:
        by, now = self.visitor.user.get_username(), database_time()
        event = event_for_test(self.webhook, event_type=event_type, now=now, by=by)
        return bytes(event.body).decode()


class SendTest(TestingPage):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        chosen = self.chosen(request.POST.get("event_type", ""))
        by = self.visitor.user.get_username()
        try:
            sent = publish_test(
                self.webhook, event_type=chosen, requested_by=by
            ).public_id
        except TooManyTests as refusal:
            return self._refused(chosen, spoken(refusal))
        if self.is_partial:
            return self.render(
                self.outcome(sent), template="webhooks/test/outcome.html"
            )
        return self._back(chosen, sent=sent)

    def _refused(self, chosen: str, refusal: str) -> HttpResponse:
        if self.is_partial:
            told = self.outcome(refusal=refusal)
            return self.render(told, template="webhooks/test/outcome.html")
        messages.warning(self.request, refusal)
        return self._back(chosen)

    def _back(self, chosen: str, **more: str) -> HttpResponse:
        query = urlencode({"event_type": chosen} | more)
        return redirect(f"{self.url_of('webhook_test')}?{query}#outcome")


class TestOutcome(TestingPage):
    """Asked again and again while a test is on its way."""

    def get(self, request: HttpRequest, webhook_id: str, sent: str) -> HttpResponse:
        told = self.outcome(sent)
        if told["entry"] is None:
            raise Http404
        if not self.is_partial:
            page = reverse("admin:webhook_test", args=[webhook_id])
            return redirect(f"{page}?{urlencode({'sent': sent})}#outcome")
        return self.render(told, template="webhooks/test/outcome.html")


class VerifyNow(WebhookPage):
    """The challenge again, from the page of tests; by GET, how the last one ended."""

    template_name = "webhooks/test/verification.html"
    needs = {"get": Right.MANAGE, "post": Right.MANAGE}

    def get(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        if not self.is_partial:
            return redirect(self.url_of("webhook_test"))
        return self.render()

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        try:
            request_verification(self.webhook, origin=self.origin)
        except NothingToVerify:
            raise Http404 from None
        if self.is_partial:
            self.webhook.refresh_from_db()
            return self.render()
        messages.success(request, _("The URL is being verified."))
        return redirect(f"{self.url_of('webhook_test')}#verification")
