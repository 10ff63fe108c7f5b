"""One line of a webhook's log, made from the rows behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deliveries.models import Attempt, Delivery, log_id
from deliveries.policy.explanations import Ending, explain
from deliveries.policy.tallies import failure_class
from subscriptions.profiles import profile as profile_named

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deliveries.policy.failure_texts import Explanation
    from subscriptions.models import Webhook

PENDING = "pending"
STATUSES = (*Attempt.Status.values, PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """An attempt, or a delivery that still waits for its first.

    The properties need columns that a list does not load: ask them of an entry that
    `find_entry` returned.
    """

    webhook: Webhook
    delivery: Delivery
    attempt: Attempt | None
    id: str
    event_type: str
    status: str
    status_code: int | None
    duration_ms: int | None
    attempt_number: int
    timestamp: datetime
    url: str
    error_message: str | None
    next_attempt_at: datetime | None

    @property
    def error_kind(self) -> str | None:
        """The kind of failure; of an answer that is an error, its class."""
        if self.attempt is None or self.status == Attempt.Status.SUCCESS:
            return None
        return failure_class(self.status_code, self.attempt.error_kind) or None

    @property
    def explanation(self) -> Explanation | None:
        return self.explained()

    def explained(self, *, say: Callable[[str], str] = str) -> Explanation | None:
        """*say*: in another language, as `deliveries.policy.explanations` says."""
        if self.attempt is None:
            return None
        policy = profile_named(self.webhook.profile).policy
        return explain(
            Ending(
                status=self.status,
                host=urlsplit(self.url).hostname or "",
                status_code=self.status_code,
                kind=self.attempt.error_kind,
                message=self.attempt.error_message,
                success=policy.success,
                stops_when_gone=policy.stops_when_gone,
                showed_credentials="Authorization" in self.attempt.request_headers,
            ),
            say=say,
        )

    @property
    def request_body(self) -> str | None:
        """In the form that this webhook gets; not yet sent while pending."""
        if self.payload_note:
            return None
        return _text(self.delivery.event.body_for(self.webhook))

    @property
    def request_headers(self) -> dict[str, str]:
        """Without secrets, which are not stored."""
        return self.attempt.request_headers if self.attempt else {}

    @property
    def response_headers(self) -> dict[str, str]:
        """By name; the values of a repeated header are joined, as HTTP allows."""
        merged: dict[str, str] = {}
        for name, value in self.attempt.response_headers if self.attempt else ():
            merged[name] = f"{merged[name]}, {value}" if name in merged else value
        return merged

    @property
    def response_body(self) -> str | None:
        if self.attempt is None or self.attempt.status_code is None:
            return None
        return None if self.payload_note else _text(self.attempt.response_body)

    @property
    def payload_note(self) -> str | None:
        """Since when the bodies are not kept any more; None while they are."""
        return self.delivery.event.payload_note


def _text(body: bytes | memoryview) -> str:
    return bytes(body).decode(errors="replace")


def entry_of_attempt(attempt: Attempt, *, webhook: Webhook) -> LogEntry:
    succeeded = attempt.status == Attempt.Status.SUCCESS
    return LogEntry(
        webhook=webhook,
        delivery=attempt.delivery,
        attempt=attempt,
        id=attempt.public_id,
        event_type=attempt.event_type,
        status=attempt.status,
        status_code=attempt.status_code,
        duration_ms=attempt.duration_ms if attempt.is_measured else None,
        attempt_number=attempt.number,
        timestamp=attempt.started_at,
        url=attempt.url,
        error_message=None if succeeded else attempt.error_message or None,
        next_attempt_at=_planned(attempt.delivery) if attempt.is_latest else None,
    )


def entry_of_pending(delivery: Delivery, *, webhook: Webhook) -> LogEntry:
    return LogEntry(
        webhook=webhook,
        delivery=delivery,
        attempt=None,
        id=log_id(delivery, next_sequence(delivery)),
        event_type=delivery.event.type,
        status=PENDING,
        status_code=None,
        duration_ms=None,
        attempt_number=1,
        timestamp=delivery.created_at,
        url=webhook.url,
        error_message=None,
        next_attempt_at=_planned(delivery),
    )


def next_sequence(delivery: Delivery) -> int:
    """Under which number the attempt to come, or the one under way, is stored."""
    return delivery.claim_number if delivery.is_leased else delivery.claim_number + 1


def _planned(delivery: Delivery) -> datetime | None:
    # While a worker holds the delivery, due_at is when its lease runs out.
    return None if delivery.is_leased else delivery.due_at
