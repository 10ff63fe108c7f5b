"""Periods to choose from in a list of deliveries."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.pages.addresses import moment_text

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.pages.delivery_query import Asked


class Query(Protocol):
    def __call__(self, **changed: str) -> str: ...


LAST = (
    (gettext_lazy("Last hour"), timedelta(hours=1)),
    (gettext_lazy("Last 24 hours"), timedelta(hours=24)),
    (gettext_lazy("Last 7 days"), timedelta(days=7)),
)


def presets(query: Query, *, now: datetime) -> list[tuple[Any, str]]:
    """Words and addresses. A link stays what it was when somebody opens it later."""
    ranges = [
        (label, query(**{"from": moment_text(now - length), "to": ""}))
        for label, length in LAST
    ]
    return [(_("Any time"), query(**{"from": "", "to": ""})), *ranges]


def said_period(asked: Asked) -> str:
    """In UTC, short enough for a button."""
    since, until = (
        f"{each:%m-%d %H:%M}" if each else "" for each in (asked.since, asked.until)
    )
    if since and until:
        return f"{since} \N{EN DASH} {until}"
    if since:
        return _("Since %s") % since
    return _("Until %s") % until if until else _("Any time")
