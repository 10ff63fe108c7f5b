"""Send again: one delivery, the chosen ones, or all that match a filter."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import IntegrityError
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from deliveries.conf import get_conf
from deliveries.logs.delivery_list import listed
from deliveries.logs.resendable import count_resendable, events_of, newest_resendable
from deliveries.models import Delivery
from deliveries.pages.addresses import deliveries_url
from deliveries.pages.delivery import OfDelivery
from deliveries.pages.delivery_query import Asked
from deliveries.pages.form_tokens import ForeignToken, FormToken, new_token, read_token
from deliveries.replays import (
    NotActive,
    NotYetAttempted,
    PayloadExpired,
    most_at_once,
    replay,
    replay_events,
)
from deliveries.webhook_tests import TooManyTests
from subscriptions.clock import database_time
from subscriptions.identifiers import encode
from subscriptions.pages.asking import WebhookAct
from subscriptions.pages.base import WebhookPage
from subscriptions.roles import Right
from subscriptions.spoken import spoken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest, HttpResponse


REFUSALS = (NotActive, NotYetAttempted, PayloadExpired, TooManyTests)


class Refused(Exception):
    """With the sentence that says why."""


class Resending(WebhookPage):
    """Reads the token that the form carries."""

    def token(self, request: HttpRequest) -> FormToken:
        """Raises Refused."""
        try:
            return read_token(request.POST.get("token", ""), self.webhook)
        except ForeignToken:
            message = _("This form is not complete. Open the page again.")
            raise Refused(message) from None

    def was_used(self, token: FormToken) -> bool:
        mine = Delivery.objects.filter(webhook=self.webhook)
        return mine.filter(uid=token.uid).exists()


class ResendDelivery(OfDelivery, Resending):
    """Answers with a part of the page that is open, or leads to the new delivery."""

    needs = {"post": Right.RESEND}
    http_method_names = ["post"]

    def post(
        self, request: HttpRequest, webhook_id: str, delivery_id: str
    ) -> HttpResponse:
        refusal, again = "", ""
        try:
            again = self._send(self.token(request))
        except Refused as error:
            refusal = str(error)
        if self.is_partial:
            context = self.fellows() | {"refusal": refusal}
            return self.render(context, template="webhooks/deliveries/fellows.html")
        if refusal:
            messages.error(request, refusal)
        else:
            messages.success(request, _("Sent again: this is the new delivery."))
        return redirect(self.url_of_delivery(again or delivery_id))

    def _send(self, token: FormToken) -> str:
        """The id of the new delivery; of the first, the second time. Raises Refused."""
        if not self.was_used(token):
            (latest,) = listed(self.webhook, [self.delivery])
            try:
                now = database_time()
                replay(latest.entry, uid=token.uid, now=now, origin=self.origin)
            except REFUSALS as error:
                raise Refused(spoken(error)) from None
            except IntegrityError:
                pass  # The same click, twice at the same moment: it is sent.
        return encode("dlv", token.uid)


class ResendEvents(Resending):
    """What both ways to send several again have in common."""

    def send(self, token: FormToken, events: Sequence[int]) -> str:
        """The sentence that tells so. Raises Refused."""
        if not events:
            raise Refused(_("None of these can be sent again."))
        try:
            count = replay_events(
                self.webhook,
                events,
                rate=get_conf().recovery_rate,
                uid=token.uid,
                now=database_time(),
                origin=self.origin,
            )
        except REFUSALS as error:
            raise Refused(spoken(error)) from None
        except IntegrityError:
            return _("These are being sent again already.")
        sentence = ngettext(
            "%d delivery is sent again.", "%d deliveries are sent again.", count
        )
        return sentence % count

    def answer(self, request: HttpRequest, events_for: Any) -> HttpResponse:
        try:
            token = self.token(request)
            used = self.was_used(token)
            told = "" if used else self.send(token, events_for(token))
            messages.success(request, told or _("These are being sent again already."))
        except Refused as error:
            messages.error(request, str(error))
        query = request.GET.urlencode()
        return redirect(f"{deliveries_url(self.webhook)}{'?' if query else ''}{query}")


class ResendChosen(ResendEvents):
    needs = {"post": Right.RESEND}
    http_method_names = ["post"]

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        return self.answer(request, self._events)

    def _events(self, token: FormToken) -> list[int]:
        chosen = self.request.POST.getlist("delivery")
        if not chosen:
            raise Refused(_("Select at least one delivery."))
        return events_of(self.webhook, chosen[: most_at_once(get_conf().recovery_rate)])


class ResendMatching(WebhookAct, ResendEvents):
    """Says how many, the limit and the rate before it does anything."""

    template_name = "webhooks/deliveries/resend_matching.html"
    title = gettext_lazy("Resend all that match")
    needs = {"get": Right.RESEND, "post": Right.RESEND}

    @cached_property
    def asked(self) -> Asked:
        return Asked.of(self.request.GET)

    @cached_property
    def limit(self) -> int:
        return most_at_once(get_conf().recovery_rate)

    def question(self) -> Mapping[str, Any]:
        now, asked = database_time(), self.asked
        count = (
            0
            if asked.errors
            else count_resendable(self.webhook, asked.criteria(), until=now)
        )
        return {
            "matching": count,
            "sent": min(count, self.limit),
            "limit": self.limit,
            "rate": get_conf().recovery_rate,
            "token": new_token(self.webhook, now=now),
            "back": deliveries_url(self.webhook) + "?" + self.request.GET.urlencode(),
        }

    def post(self, request: HttpRequest, **ids: str) -> HttpResponse:
        return self.answer(request, self._events)

    def _events(self, token: FormToken) -> list[int]:
        if self.asked.errors:
            raise Refused(" ".join(self.asked.errors))
        return newest_resendable(
            self.webhook, self.asked.criteria(), until=token.asked_at, limit=self.limit
        )
