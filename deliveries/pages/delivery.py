"""One delivery: why it failed and what to do, each attempt, what was sent and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from deliveries.logs.delivery_file import delivery_file, fellows_of, find_delivery
from deliveries.logs.delivery_list import neighbours
from deliveries.logs.delivery_status import DeliveryStatus, status_of
from deliveries.models import Delivery
from deliveries.pages.addresses import deliveries_url, delivery_url, event_url
from deliveries.pages.attempt_panes import Panes, timing_of
from deliveries.pages.delivery_rows import attempts_allowed, result_from, result_of
from deliveries.pages.form_tokens import new_token
from deliveries.pages.reasons import heading_of
from deliveries.pages.retelling import retold
from subscriptions.pages.base import WebhookPage

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from deliveries.logs.delivery_file import DeliveryFile, Fellow
    from deliveries.logs.entries import LogEntry
    from subscriptions.pages.base import Crumbs

FELLOWS = 10


class OfDelivery(WebhookPage):
    """Finds the delivery among those of the webhook, before any right is asked for."""

    tab = "webhook_deliveries"

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        self.delivery  # noqa: B018 (a lookup that may answer 404)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def delivery(self) -> Delivery:
        try:
            return find_delivery(self.webhook, self.kwargs["delivery_id"])
        except Delivery.DoesNotExist:
            raise Http404 from None

    def url_of_delivery(self, public_id: str) -> str:
        return delivery_url(self.webhook, public_id)

    def crumbs(self) -> Crumbs:
        webhook = (self.webhook.name, self.url_of("webhook"))
        list_of_all = (_("Deliveries"), deliveries_url(self.webhook))
        return [*super().crumbs(), webhook, list_of_all]

    def fellows(self) -> dict[str, Any]:
        """What was sent again, and whether one of it is still on its way."""
        found = fellows_of(self.webhook, self.delivery, limit=FELLOWS)
        is_waiting = any(not each.status.is_final for each in found)
        return {
            "delivery": self.delivery,
            "fellows": [self._row(each) for each in found],
            "is_waiting": is_waiting,
            # A click that follows another one too soon has the token of the first.
            "is_again": self.is_partial and not is_waiting,
            "token": new_token(self.webhook, now=self.delivery.created_at),
        }

    def _row(self, fellow: Fellow) -> dict[str, Any]:
        status = fellow.status
        is_good = status == DeliveryStatus.DELIVERED
        tried = status not in (DeliveryStatus.QUEUED, DeliveryStatus.SKIPPED)
        return {
            "delivery": fellow.delivery,
            "status": status,
            "href": self.url_of_delivery(fellow.delivery.public_id),
            "result": tried and result_from(fellow.code, fellow.kind, is_good=is_good),
        }


class DeliveryPage(OfDelivery):
    template_name = "webhooks/deliveries/delivery.html"

    def get(
        self, request: HttpRequest, webhook_id: str, delivery_id: str
    ) -> HttpResponse:
        event = self.delivery.event
        # It came with the webhook: one question less.
        event.tenant = self.webhook.tenant
        file = delivery_file(
            self.webhook, self.delivery, place=_number(request.GET.get("attempt", ""))
        )
        context = {
            "title": self.delivery.public_id,
            "status": status_of(self.delivery),
            "event_href": event_url(event, self.visitor),
            "file": file,
            "entry": file.chosen,
            "allowed": 1 if self.delivery.is_test else attempts_allowed(self.webhook),
            "attempts": [(each, result_of(each.entry)) for each in file.attempts],
            "result": result_of(file.chosen),
            "timing": timing_of(file.chosen),
            "panes": Panes.of(file.chosen),
        }
        older, newer = neighbours(self.webhook, self.delivery)
        context |= {
            "older": older and self.url_of_delivery(older),
            "newer": newer and self.url_of_delivery(newer),
        }
        return self.render(context | _explained(file) | self.fellows())


class FellowsPart(OfDelivery):
    """What became of a resend, for a page that is open and asks every few seconds."""

    def get(
        self, request: HttpRequest, webhook_id: str, delivery_id: str
    ) -> HttpResponse:
        return self.render(self.fellows(), template="webhooks/deliveries/fellows.html")


def _explained(file: DeliveryFile) -> dict[str, Any]:
    """Of the chosen attempt; nothing of a success."""
    entry: LogEntry = file.chosen
    text = entry.explained(say=retold)
    if text is None:
        return {}
    heading = heading_of(entry.error_kind or "", entry.status_code)
    is_over = status_of(file.delivery) == DeliveryStatus.DELIVERED
    return {"heading": heading, "explanation": text, "is_over": is_over}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
