"""Periods of lists: those to choose from, and the one that an address asks for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.pages.addresses import moment_text
from subscriptions.moments import DATE, moment_or_day

if TYPE_CHECKING:
    from collections.abc import Mapping

# As a field of a form says it: in UTC, as all times of the form.
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)


class Query(Protocol):
    def __call__(self, **changed: str) -> str: ...


LAST = (
    (gettext_lazy("Last hour"), timedelta(hours=1)),
    (gettext_lazy("Last 24 hours"), timedelta(hours=24)),
    (gettext_lazy("Last 7 days"), timedelta(days=7)),
)


class Period(NamedTuple):
    """*until* is the first moment that is too late."""

    since: datetime | None
    until: datetime | None


def asked_period(said: Mapping[str, str]) -> tuple[Period, list[str]]:
    """From ``from`` to ``to``, and what of it cannot be understood."""
    period = Period(*(_moment(said[name], name) for name in ("from", "to")))
    wrong = [
        _("This is not a time: %s.") % said[name][:50]
        for name, found in zip(("from", "to"), period, strict=True)
        if said[name] and found is None
    ]
    if period.since and period.until and period.until <= period.since:
        wrong.append(_("The period ends before it begins."))
    return period, wrong


def _moment(text: str, name: str) -> datetime | None:
    """None: nothing is said, or nothing that can be understood."""
    if _LOCAL.fullmatch(text):
        text = f"{text}Z" if text.count(":") > 1 else f"{text}:00Z"
    try:
        found = moment_or_day(text, at=time.min) if text else None
        is_last_day = name == "to" and DATE.fullmatch(text)
        if found and is_last_day:
            found += timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return found.astimezone(UTC) if found else None


def presets(query: Query, *, now: datetime) -> list[tuple[Any, str]]:
    """Words and addresses. A link stays what it was when somebody opens it later."""
    ranges = [
        (label, query(**{"from": moment_text(now - length), "to": ""}))
        for label, length in LAST
    ]
    return [(_("Any time"), query(**{"from": "", "to": ""})), *ranges]


def said_period(period: Period) -> str:
    """In UTC, short enough for a button."""
    since, until = (f"{each:%m-%d %H:%M}" if each else "" for each in period)
    if since and until:
        return f"{since} \N{EN DASH} {until}"
    if since:
        return _("Since %s") % since
    return _("Until %s") % until if until else _("Any time")
