"""From nothing to the first event that arrives: verification and test, as they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from deliveries.models import Attempt, Delivery
from deliveries.webhook_tests import TEST, TooManyTests, publish_test
from subscriptions.pages.base import WebhookPage
from subscriptions.roles import Right

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from subscriptions.models import Webhook

RESULT = "webhooks/test_result.html"


@dataclass(frozen=True, slots=True)
class LatestTest:
    """*attempt*: None while it is on its way."""

    delivery: Delivery
    attempt: Attempt | None


def latest_test(webhook: Webhook) -> LatestTest | None:
    tests = Delivery.objects.filter(webhook=webhook, is_test=True)
    delivery = tests.order_by("-pk").first()
    if delivery is None:
        return None
    return LatestTest(delivery, delivery.attempts.order_by("-sequence").first())


class StartPage(WebhookPage):
    template_name = "webhooks/start.html"
    title = _("First steps")
    needs = {"get": Right.TEST}

    def get(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        return self.render({"test": latest_test(self.webhook)})


class VerificationPart(WebhookPage):
    """Asked again and again while a challenge is out."""

    template_name = "webhooks/verification.html"

    def get(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        if not self.is_partial:
            return redirect(self.url_of("webhook_start"))
        return self.render()


class StartTest(WebhookPage):
    """Sends a test; tells how the last one went."""

    template_name = RESULT
    needs = {"get": Right.TEST, "post": Right.TEST}

    def get(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        return self._result()

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        by = self.visitor.user.get_username()
        try:
            publish_test(self.webhook, event_type=TEST, requested_by=by)
        except TooManyTests as error:
            return self._result(refused=str(error))
        return self._result()

    def _result(self, *, refused: str = "") -> HttpResponse:
        if not self.is_partial and not refused:
            return redirect(self.url_of("webhook_start"))
        context = {"test": latest_test(self.webhook), "refused": refused}
        if self.is_partial:
            return self.render(context)
        return self.render(context, template=StartPage.template_name)
