"""The catalogue for people: what can happen, what is sent then, and who gets it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from subscriptions.identifiers import encode
from subscriptions.models import EventType
from subscriptions.pages.base import Page
from subscriptions.profiles import Facts, all_profiles
from subscriptions.profiles import profile as profile_named
from subscriptions.schema_fields import fields_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from subscriptions.models.webhooks import WebhookQuerySet
    from subscriptions.pages.base import Crumbs

SAMPLE_ID = UUID("01944b8c-1f1b-7c8e-9d3a-5f2c7b6e4a10")
SAMPLE_TIME = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SHOWN_SUBSCRIBERS = 10


@dataclass(frozen=True, slots=True)
class Link:
    """*marks*: what is unusual about the type, in words."""

    name: str
    description: str
    href: str
    is_chosen: bool
    marks: list[Any]


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    links: list[Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Segment:
    label: str
    href: str
    is_chosen: bool
    count: int | None = None


class CataloguePage(Page):
    template_name = "webhooks/events/list.html"
    title = _("Event catalogue")

    def get(self, request: HttpRequest) -> HttpResponse:
        known = all_profiles()
        asked = request.GET.get("profile", "")
        profile = next((each for each in known if each.name == asked), known[0])
        return self.render(self.listed(profile.name))

    def listed(self, profile: str, *, chosen: str = "") -> dict[str, Any]:
        """The types of *profile* that contain the words of the address, in groups."""
        words = self.request.GET.get("q", "").strip()[:100]
        rows = EventType.objects.of(profile).defer("schema", "sample")
        links = [
            (row.group, _link(row, is_chosen=row.name == chosen))
            for row in rows.order_by("group", "name")
            if words.lower() in f"{row.name} {row.group} {row.description}".lower()
        ]
        return {
            "words": words,
            "profile": profile,
            "profiles": _segments(profile),
            "groups": [
                Group(group, [link for _group, link in some])
                for group, some in groupby(links, key=lambda pair: pair[0])
            ],
        }


class EventTypePage(CataloguePage):
    template_name = "webhooks/events/event.html"

    def get(self, request: HttpRequest, name: str = "") -> HttpResponse:
        row = _found(name, profile=request.GET.get("profile", ""))
        subscribers = self._subscribers(row)
        fresh = urlencode({"profile": row.profile, "event": row.name})
        return self.render(
            self.listed(row.profile, chosen=row.name)
            | {
                "title": row.name,
                "event": row,
                "marks": _marks(row),
                "version": profile_named(row.profile).version,
                "fields": fields_of(row.schema),
                "sample": json.dumps(sample_of(row), ensure_ascii=False, indent=2),
                "subscribers": subscribers[:SHOWN_SUBSCRIBERS],
                "subscriber_count": subscribers.count(),
                "use": f"?{fresh}",
            }
        )

    def crumbs(self) -> Crumbs:
        return [*super().crumbs(), (_("Event catalogue"), reverse("admin:events"))]

    def _subscribers(self, row: EventType) -> WebhookQuerySet:
        mine = self.visitor.webhooks().filter(subscriptions__event_type=row)
        found: WebhookQuerySet = mine.select_related("tenant").order_by("name", "pk")
        return found


def _found(name: str, *, profile: str) -> EventType:
    """That of *profile*; without it, of the first profile that has such a name."""
    order = [each.name for each in all_profiles()]
    # Of all texts, this one is refused by databases.
    known = EventType.objects.none() if "\0" in name else EventType.objects
    rows = {row.profile: row for row in known.filter(name=name)}
    wanted = [profile] if profile in rows else order
    for each in wanted:
        if each in rows:
            return rows[each]
    raise Http404


def sample_of(row: EventType) -> dict[str, Any]:
    """As it is sent; of a type that no release has any more, its data alone."""
    profile = profile_named(row.profile)
    definition = profile.event_type(row.name)
    if definition is None:
        data: dict[str, Any] = row.sample
        return data
    as_uuid = profile.event_ids_are_uuids
    event_id = str(SAMPLE_ID) if as_uuid else encode("evt", SAMPLE_ID)
    return profile.envelope(Facts(event_id, definition, SAMPLE_TIME, row.sample))


def _link(row: EventType, *, is_chosen: bool) -> Link:
    query = "" if _is_first(row) else f"?{urlencode({'profile': row.profile})}"
    href = reverse("admin:event", args=[row.name]) + query
    return Link(row.name, row.description, href, is_chosen, _marks(row))


def _is_first(row: EventType) -> bool:
    """Whether no profile before this one has a type of that name."""
    names = [each.name for each in all_profiles() if each.event_type(row.name)]
    return not names or names[0] == row.profile


def _marks(row: EventType) -> list[Any]:
    marks = [_("deprecated")] if row.is_deprecated else []
    return marks if row.is_subscribable else [*marks, _("sent on request only")]


def _segments(chosen: str) -> list[Segment]:
    base = reverse("admin:events")
    return [
        Segment(each.title, f"{base}?profile={each.name}", each.name == chosen)
        for each in all_profiles()
    ]
