"""Settings → Audit log: who did what, to which object, from where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from subscriptions.audit_files import export
from subscriptions.identifiers import NotAnIdentifier, decode
from subscriptions.pages.audit_search import AuditSearch
from subscriptions.pages.audit_words import ACTORS, in_words
from subscriptions.pages.base import Page
from subscriptions.plain_text import visible
from subscriptions.roles import Right

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict

    from subscriptions.models import AuditEvent
    from subscriptions.models.audit import AuditEventQuerySet

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Change:
    """Of one field. A side that holds nothing is None."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Row:
    event: AuditEvent
    words: Any
    actor_kind: Any
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What stands on one page: by position, so that new rows move nothing."""

    events: list[AuditEvent]
    has_newer: bool
    has_older: bool


class AuditLogPage(Page):
    """Takes the same number of queries for ten events and for five hundred."""

    template_name = "settings/audit/list.html"
    title = _("Audit log")
    needs = {"get": Right.AUDIT}

    def get(self, request: HttpRequest) -> HttpResponse:
        search = AuditSearch(request.GET, visitor=self.visitor)
        found = search.events().select_related("tenant")
        stretch = _stretch(found, request.GET)
        context = {
            "search": search,
            "rows": [_row(event) for event in stretch.events],
            "newer": stretch.has_newer and _address(request, "after", stretch, 0),
            "older": stretch.has_older and _address(request, "before", stretch, -1),
            "query": _narrowing(request).urlencode(),
        }
        return self.render(context)


class AuditExport(Page):
    """All that the filters leave, as a file; itself recorded."""

    needs = {"get": Right.AUDIT}

    def get(self, request: HttpRequest, form: str) -> HttpResponseBase:
        events = AuditSearch(request.GET, visitor=self.visitor).events()
        tenant = self.visitor.tenant
        return export(
            events,
            form,
            origin=self.origin,
            tenant_id=tenant.pk if tenant else None,
        )


def _stretch(found: AuditEventQuerySet, query: QueryDict) -> Stretch:
    newer_than, older_than = _at(found, query, "after"), _at(found, query, "before")
    if newer_than is not None:
        above = list(found.filter(id__gt=newer_than).order_by("id")[: PER_PAGE + 1])
        has_newer = len(above) > PER_PAGE
        return Stretch(above[PER_PAGE - 1 :: -1], has_newer, has_older=True)
    below = found if older_than is None else found.filter(id__lt=older_than)
    events = list(below.order_by("-id")[: PER_PAGE + 1])
    has_older = len(events) > PER_PAGE
    return Stretch(events[:PER_PAGE], older_than is not None, has_older)


def _at(found: AuditEventQuerySet, query: QueryDict, name: str) -> int | None:
    """Where the event stands that the address names. Nobody's leads to the first page."""
    try:
        uid = decode("aud", query.get(name, ""))
    except NotAnIdentifier:
        return None
    position: int | None = found.filter(uid=uid).values_list("pk", flat=True).first()
    return position


def _narrowing(request: HttpRequest) -> QueryDict:
    """The filters of the address, without the place in the list."""
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    return query


def _address(request: HttpRequest, name: str, stretch: Stretch, edge: int) -> str:
    if not stretch.events:
        return ""
    query = _narrowing(request)
    query[name] = stretch.events[edge].public_id
    return f"?{query.urlencode()}"


def _row(event: AuditEvent) -> Row:
    return Row(
        event=event,
        words=in_words(event.action),
        actor_kind=ACTORS.get(event.actor_kind, event.actor_kind),
        changes=list(_changes(sorted(event.changes.items()))),
    )


def _changes(items: Iterable[tuple[str, Any]]) -> Iterable[Change]:
    for name, sides in items:
        yield Change(name, _text(sides.get("Before")), _text(sides.get("After")))


def _text(value: Any) -> str | None:
    """As people read it: lists by their members, anything deeper as JSON."""
    if value is None or value in ("", []):
        return None
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return visible(", ".join(value))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible(text)
