"""Points in time, as programs and people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# PostgreSQL takes no offset beyond that, and nobody lives there; RFC 3339 does.
FARTHEST = timedelta(hours=15, minutes=59)
EXPECTED = "This must be a time with its offset, such as 2026-11-21T08:30:00Z."


def moment(text: str) -> datetime:
    """Return the time that *text* says as RFC 3339 does; raises ValueError."""
    if RFC_3339.fullmatch(text) is None:
        raise ValueError(EXPECTED)
    found = datetime.fromisoformat(text.upper())
    try:
        in_utc = found.astimezone(UTC)
    except OverflowError:
        # Near both ends of the calendar a time exists here, yet not in UTC.
        raise ValueError(EXPECTED) from None
    is_odd = abs(found.replace(tzinfo=UTC) - in_utc) > FARTHEST
    return in_utc if is_odd else found


def moment_or_day(text: str, *, at: time) -> datetime:
    """Also a date: then at that time of the day, in UTC. Raises ValueError."""
    if DATE.fullmatch(text) is None:
        return moment(text)
    return datetime.combine(datetime.fromisoformat(text), at, tzinfo=UTC)
