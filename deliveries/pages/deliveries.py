"""A webhook's deliveries: filtered, live, and some or all of them sent again."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from deliveries.logs.delivery_list import Counts, DeliveryPage, count_by_status, page_of
from deliveries.pages.addresses import narrowed
from deliveries.pages.delivery_query import CODES, TESTS, Asked
from deliveries.pages.delivery_rows import rows_of
from deliveries.pages.form_tokens import new_token
from deliveries.pages.periods import presets, said_period
from deliveries.pages.reasons import REASONS
from deliveries.pages.status_words import WORDS
from subscriptions.models import EventType
from subscriptions.pages.base import WebhookPage
from subscriptions.sessions import asked_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.http import HttpRequest

    from deliveries.pages.delivery_rows import DeliveryRow

PER_PAGE = 50
# What is only of the place in the list, not of what it is narrowed to.
PLACES = ("cursor", "mark")
NOTHING_NEW = 204


class DeliveriesPage(WebhookPage):
    """Takes the same number of queries however many there are."""

    template_name = "webhooks/deliveries/list.html"
    tab = "webhook_deliveries"

    def get(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        asked = Asked.of(request.GET)
        page, counts = self._found(asked)
        rows = rows_of(self.webhook, page.rows)
        mark = _mark(rows, counts)
        if self.is_partial and request.GET.get("mark") == mark:
            return HttpResponse(status=NOTHING_NEW)
        now = asked_at(self.request)
        found = self._live(asked, page, counts) | {
            "rows": rows,
            "mark": mark,
            "token": new_token(self.webhook, now=now),
        }
        if self.is_partial:
            return self.render(found, template="webhooks/deliveries/live.html")
        return self.render(found | self._filters(asked, now=now))

    def _found(self, asked: Asked) -> tuple[DeliveryPage, Counts]:
        if asked.errors:
            return DeliveryPage([], ""), Counts.none()
        criteria, after = asked.criteria(), self.request.GET.get("cursor", "")
        page = page_of(self.webhook, criteria, after=after, size=PER_PAGE)
        return page, count_by_status(self.webhook, criteria)

    def _live(self, asked: Asked, page: DeliveryPage, counts: Counts) -> dict[str, Any]:
        return {
            "asked": asked,
            "segments": list(self._segments(asked, counts)),
            "matching": _matching(asked, counts),
            "older": self._query(cursor=page.older) if page.older else "",
            "newest": self._query() if self.request.GET.get("cursor") else "",
            "here": self._query(cursor=self.request.GET.get("cursor", "")),
            "filters": self._query(live=""),
            "is_live": "live" in self.request.GET,
        }

    def _filters(self, asked: Asked, *, now: datetime) -> dict[str, Any]:
        wanted = EventType.objects.filter(subscriptions__webhook=self.webhook)
        names = set(wanted.order_by().values_list("name", flat=True))
        return {
            "event_types": sorted(names | ({asked.event} - {""})),
            "codes": sorted({*CODES, asked.code} - {""}),
            "reasons": [(name, each.label) for name, each in REASONS.items()],
            "period": said_period(asked.period),
            "presets": presets(self._query, now=now),
            "page_menu": [
                (_("Export CSV"), "download", f"export.csv{self._query(live='')}"),
                (_("Export JSON"), "download", f"export.json{self._query(live='')}"),
            ],
        }

    def _segments(self, asked: Asked, counts: Counts) -> Iterator[dict[str, Any]]:
        by_status = counts.by_status
        told: list[tuple[str, Any, int]] = [("", _("All"), by_status.total())]
        told += [(str(s), words.label, by_status[s]) for s, words in WORDS.items()]
        told += [(TESTS, _("Tests"), counts.tests)]
        for status, label, count in told:
            yield {
                "label": label,
                "count": count,
                "href": self._query(status=status),
                "is_chosen": status == asked.status,
            }

    def _query(self, **changed: str) -> str:
        return narrowed(self.request.GET, PLACES, changed)


def _matching(asked: Asked, counts: Counts) -> int:
    """How many the chosen segment has."""
    if asked.status == TESTS:
        return counts.tests
    by_status = {str(status): count for status, count in counts.by_status.items()}
    return by_status.get(asked.status, 0) if asked.status else counts.by_status.total()


def _mark(rows: list[DeliveryRow], counts: Counts) -> str:
    """The same as long as nothing is to be seen that is new."""
    told = [(row.delivery.pk, row.entry.id, row.status, row.next_at) for row in rows]
    return sha256(repr((told, sorted(counts.by_status.items()))).encode()).hexdigest()[
        :16
    ]
