"""The requests that a webhook receives."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from deliveries.wire.exchange import Request
from deliveries.wire.signing import Content
from deliveries.wire.tracing import traceparent

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from deliveries.wire.authentication import Authentication

VERIFICATION = "webhook.verification"


class HeaderStyle(NamedTuple):
    """What an installation may choose of the headers."""

    prefix: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Message:
    """An event on its way: the stored bytes, and how often they were tried.

    *number* is what the receiver is told, from 1; *span* sets this try apart in traces;
    *parent* is the traceparent of the request that published the event, if it had one.
    """

    event_id: str
    event_type: str
    delivery_id: str
    trace: UUID
    span: int
    number: int
    body: bytes = field(repr=False)
    parent: str = ""


def compose(
    message: Message,
    *,
    url: str,
    authentication: Authentication,
    style: HeaderStyle,
    now: datetime,
    span: str = "",
) -> Request:
    """Sign *message* for this attempt: only time and signatures differ from the last.

    *span*: the traceparent of the attempt's span, where there is one.
    """
    content = Content(message.event_id, int(now.timestamp()), message.body)
    prefix = style.prefix
    headers = {
        "Content-Type": "application/json",
        "User-Agent": style.user_agent,
        f"{prefix}Event": message.event_type,
        f"{prefix}Event-Id": message.event_id,
        f"{prefix}Timestamp": str(content.timestamp),
        f"{prefix}Attempt": str(message.number),
        f"{prefix}Delivery": message.delivery_id,
        **authentication.headers(content, prefix=prefix),
        "traceparent": span
        or traceparent(message.trace, span=message.span, parent=message.parent),
    }
    return Request(url, headers, message.body)


def compose_challenge(
    token: str, *, url: str, trace: UUID, style: HeaderStyle
) -> Request:
    """The unsigned request that asks a receiver to prove that the URL is its own."""
    body = json.dumps({"type": VERIFICATION, "challenge": token}, separators=(",", ":"))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": style.user_agent,
        f"{style.prefix}Event": VERIFICATION,
        f"{style.prefix}Challenge": token,
        "traceparent": traceparent(trace, span=1),
    }
    return Request(url, headers, body.encode())
