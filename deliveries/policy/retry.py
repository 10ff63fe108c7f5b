"""When a failed delivery is attempted again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from deliveries.wire.exchange import Response

if TYPE_CHECKING:
    from deliveries.wire.exchange import Failure

LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """*delays* between the end of an attempt and the next: one attempt more than those."""

    delays: tuple[timedelta, ...]

    def delay_after(
        self, *, attempt_number: int, wish: timedelta | None = None
    ) -> timedelta | None:
        """Return the wait after attempt *attempt_number*; None when it was the last.

        What the receiver asked for in Retry-After, *wish*, only ever makes it longer.
        """
        if attempt_number > len(self.delays):
            return None
        delay = self.delays[attempt_number - 1]
        return max(delay, min(wish, LONGEST_WAIT)) if wish is not None else delay


def retry_after(reply: Response | Failure, *, now: datetime) -> timedelta | None:
    """How long a 429 or 503 asks us to wait; None when it does not say.

    RFC 9110, section 10.2.3: seconds, or a date.
    """
    if not isinstance(reply, Response) or reply.status_code not in {429, 503}:
        return None
    for name, value in reply.headers:
        if name.lower() == "retry-after":
            return _wait(value.strip(), now=now)
    return None


def _wait(value: str, *, now: datetime) -> timedelta | None:
    if value.isascii() and value.isdigit():
        # A longer number would not fit into a timedelta, and is capped anyway.
        return timedelta(seconds=int(value[:9]))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) - now
