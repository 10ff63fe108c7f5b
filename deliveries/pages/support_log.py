"""The platform's delivery log: of all tenants, for the support alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from deliveries.logs.delivery_status import DeliveryStatus
from deliveries.logs.everybodys import WINDOW, Wanted, page_of_all
from deliveries.pages.addresses import narrowed
from deliveries.pages.delivery_rows import DeliveryRow, rows_of
from deliveries.pages.form_tokens import new_token
from deliveries.pages.status_words import WORDS
from subscriptions.models import EventType, Tenant
from subscriptions.pages.base import Page
from subscriptions.sessions import asked_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict

    from deliveries.logs.delivery_list import ListedDelivery
    from subscriptions.models import Webhook
    from subscriptions.pages.base import Crumbs

PER_PAGE = 50
_PLACE = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SupportRow:
    """*token*: for sending it again; empty where that is not possible.

    *is_kept*: its webhook has pages still.
    """

    row: DeliveryRow
    webhook: Webhook
    token: str

    @property
    def is_kept(self) -> bool:
        return self.webhook.deleted_at is None


class SupportLogPage(Page):
    """Hidden from the people of tenants, who are told that there is no such page."""

    template_name = "webhooks/deliveries/support.html"
    title = _("Delivery log")

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if not self.visitor.is_support:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        wanted, below = _wanted(request.GET), request.GET.get("below", "")
        place = int(below) if _PLACE.fullmatch(below) else None
        page = page_of_all(wanted, below=place, size=PER_PAGE)
        now = asked_at(self.request)
        names = EventType.objects.order_by("name").values_list("name", flat=True)
        return self.render(
            {
                "wanted": wanted,
                "is_narrowed": wanted != Wanted(),
                "rows": [_row(each, now=now) for each in page.rows],
                "older": self._query(below=str(page.older)) if page.older else "",
                "newest": self._query() if place else "",
                "segments": list(self._segments(wanted)),
                "tenants": Tenant.objects.all(),
                "event_types": list(dict.fromkeys(names)),
                "window": WINDOW,
            }
        )

    def crumbs(self) -> Crumbs:
        return [(_("Platform"), reverse("admin:index"))]

    def _segments(self, wanted: Wanted) -> Iterator[dict[str, Any]]:
        told: list[tuple[str, Any]] = [("", _("All"))]
        told += [(str(status), words.label) for status, words in WORDS.items()]
        for status, label in told:
            yield {
                "label": label,
                "count": None,
                "href": self._query(status=status),
                "is_chosen": status == (wanted.status or ""),
            }

    def _query(self, **changed: str) -> str:
        return narrowed(self.request.GET, ("below",), changed)


def _wanted(query: QueryDict) -> Wanted:
    """Words that mean nothing are as if not said."""
    said = {
        name: query.get(name, "").strip().replace("\0", "")[:200]
        for name in ("tenant", "status", "event", "q")
    }
    is_status = said["status"] in {str(each) for each in DeliveryStatus}
    return Wanted(
        tenant=said["tenant"],
        status=DeliveryStatus(said["status"]) if is_status else None,
        event_type=said["event"],
        id=said["q"],
    )


def _row(listed: ListedDelivery, *, now: datetime) -> SupportRow:
    webhook = listed.delivery.webhook
    (row,) = rows_of(webhook, [listed])
    can_resend = webhook.is_active and listed.entry.attempt is not None
    token = new_token(webhook, now=now) if can_resend else ""
    return SupportRow(row, webhook, token)
