"""What came of publishing, and the lines that the log has about it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deliveries.wire.tracing import trace_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliveries.models import Event

# Of one batch; more events than these share one.
MAX_LINES = 10

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Publication:
    """The event as stored. Not *is_new*: its id was published before."""

    event: Event
    deliveries: int
    is_new: bool


def announce(publications: Iterable[Publication]) -> None:
    """A line for each that is new; for many of them one."""
    new = [each for each in publications if each.is_new]
    if len(new) > MAX_LINES:
        fields = {
            "count": len(new),
            "first": new[0].event.public_id,
            "last": new[-1].event.public_id,
            "tenants": ",".join(sorted({e.event.tenant.company_code for e in new})),
            "deliveries": sum(each.deliveries for each in new),
        }
        logger.info("events.published", extra=fields)
        return
    for publication in new:
        event = publication.event
        fields = {
            "event": event.public_id,
            "type": event.type,
            "tenant": event.tenant.company_code,
            "deliveries": publication.deliveries,
            "trace": trace_of(event.traceparent),
        }
        logger.info("event.published", extra=fields)
