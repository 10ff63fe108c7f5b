"""Settings → Events: what was published, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from deliveries.logs.delivery_status import DeliveryStatus
from deliveries.logs.event_list import EventPage, events_page, types_of, window_of
from deliveries.pages.addresses import event_url, narrowed
from deliveries.pages.periods import presets, said_period
from deliveries.pages.published_query import AskedEvents
from deliveries.pages.status_words import WORDS
from subscriptions.models import EventType, Tenant
from subscriptions.pages.base import Page
from subscriptions.sessions import asked_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

    from deliveries.logs.event_list import Fates, ListedEvent
    from deliveries.models import Event

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class EventRow:
    """*fates*: statuses with the words that tell how many webhooks."""

    event: Event
    href: str
    fates: list[tuple[DeliveryStatus, str]]


class PublishedEventsPage(Page):
    """Takes the same number of queries however many there are."""

    template_name = "webhooks/published/list.html"
    title = _("Events")

    def get(self, request: HttpRequest) -> HttpResponse:
        tenants = list(Tenant.objects.all()) if self.visitor.is_support else []
        asked = AskedEvents.of(request.GET, self.visitor, tenants=tenants)
        page, cursor = self._found(asked)
        return self.render(
            {
                "asked": asked,
                "rows": [self._row(each) for each in page.rows],
                "older": self._query(cursor=page.older) if page.older else "",
                "newest": self._query() if cursor else "",
                "window": number_format(
                    window_of(asked.criteria()), force_grouping=True
                ),
                "tenants": tenants,
                "several_subsidiaries": self._shows_subsidiaries(),
                "event_types": sorted({*_types(asked), asked.event} - {""}),
                "any_entity": self._query(entity=""),
                "period": said_period(asked.period),
                "presets": presets(self._query, now=asked_at(request)),
            }
        )

    def _found(self, asked: AskedEvents) -> tuple[EventPage, str]:
        cursor = self.request.GET.get("cursor", "")
        if asked.errors:
            return EventPage([], ""), cursor
        return events_page(asked.criteria(), after=cursor, size=PER_PAGE), cursor

    def _row(self, listed: ListedEvent) -> EventRow:
        href = event_url(listed.event, self.visitor)
        return EventRow(listed.event, href, list(said_fates(listed.fates)))

    def _shows_subsidiaries(self) -> bool:
        visitor = self.visitor
        return len(visitor.subsidiaries) > 1 and visitor.subsidiary is None

    def _query(self, **changed: str) -> str:
        return narrowed(self.request.GET, ("cursor",), changed)


def _types(asked: AskedEvents) -> list[str]:
    """Those that there are; of all tenants together, those that there can be."""
    if asked.tenant:
        return types_of(asked.tenant)
    return list(EventType.objects.order_by().values_list("name", flat=True))


def said_fates(fates: Fates) -> Iterator[tuple[DeliveryStatus, str]]:
    """In the order of the pages."""
    for status in WORDS:
        if number := fates[status]:
            yield status, _said(status, number)


def _said(status: DeliveryStatus, number: int) -> str:
    told = {
        DeliveryStatus.FAILED: ngettext("%d failed", "%d failed", number),
        DeliveryStatus.RETRYING: ngettext("%d retrying", "%d retrying", number),
        DeliveryStatus.QUEUED: ngettext("%d queued", "%d queued", number),
        DeliveryStatus.SKIPPED: ngettext("%d skipped", "%d skipped", number),
        DeliveryStatus.DELIVERED: ngettext("%d delivered", "%d delivered", number),
    }
    return told[status] % number
