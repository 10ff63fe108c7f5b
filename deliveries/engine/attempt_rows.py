"""An attempt that was made, as a row of the delivery log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliveries.models import Attempt
from deliveries.statements import insert_unless_present
from deliveries.wire.exchange import FailureKind, Response
from deliveries.wire.redaction import storable

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from deliveries.engine.delivering import Sent
    from deliveries.wire.exchange import Failure


def insert_attempts(batch: Sequence[Sent]) -> list[dict[str, Any]]:
    """Insert them; where a successor has noted an interruption, its row stands.

    Returns the rows that were inserted.
    """
    rows = {(s.claimed.delivery_id, s.claimed.sequence): _row(s) for s in batch}
    inserted = insert_unless_present(
        Attempt, list(rows.values()), returning="delivery_id, sequence"
    )
    return [rows[key] for key in inserted]


def _row(sent: Sent) -> dict[str, Any]:
    claimed, exchange, timing = sent.claimed, sent.exchange, sent.exchange.timing
    return {
        "delivery_id": claimed.delivery_id,
        "webhook_id": claimed.webhook_id,
        "sequence": claimed.sequence,
        "number": claimed.number,
        "event_type": sent.message.event_type,
        "url": sent.request.url,
        "started_at": sent.started_at,
        "duration_ms": timing.total_ms,
        "dns_ms": timing.dns_ms,
        "connect_ms": timing.connect_ms,
        "tls_ms": timing.tls_ms,
        "wait_ms": timing.wait_ms,
        "remote_address": exchange.remote_address,
        "request_headers": dict(storable(sent.request.headers.items())),
        "is_test": claimed.is_test,
        **_answer(exchange.reply, success=sent.rules.success),
    }


def _answer(reply: Response | Failure, *, success: Container[int]) -> dict[str, Any]:
    if isinstance(reply, Response):
        succeeded = reply.status_code in success
        return {
            "status": Attempt.Status.SUCCESS if succeeded else Attempt.Status.FAILED,
            "status_code": reply.status_code,
            "error_kind": "",
            "error_message": ""
            if succeeded
            else f"The answer had status {reply.status_code}.",
            "response_headers": storable(reply.headers),
            "response_body": reply.body,
        }
    timed_out = reply.kind is FailureKind.TIMEOUT
    return {
        "status": Attempt.Status.TIMEOUT if timed_out else Attempt.Status.FAILED,
        "status_code": None,
        "error_kind": reply.kind,
        "error_message": reply.detail,
        "response_headers": [],
        "response_body": b"",
    }
