"""Do what is asked for once, however often the same request comes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import OperationalError, connection, transaction

from subscriptions import sealing
from subscriptions.models import IdempotentAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

KEPT_FOR = timedelta(hours=24)
# PostgreSQL's name for a lock that did not come in time.
LOCK_NOT_AVAILABLE = "55P03"


class KeyReused(ValueError):
    """The key came before, with another request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key came before with another body.")


class StillInProgress(Exception):
    """The first request with this key has not ended yet."""

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key still runs.")


class AnswerLost(ValueError):
    """The first answer was sealed under a key that is gone."""

    def __init__(self) -> None:
        message = "The first answer to this Idempotency-Key cannot be shown any more."
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with a key. *caller* and *route*: where the key counts."""

    caller: str
    route: str
    key: str
    fingerprint: bytes

    @property
    def where(self) -> dict[str, str]:
        return {"caller": self.caller, "route": self.route, "key": self.key}


@dataclass(frozen=True, slots=True)
class Answer:
    """What HTTP needs to say it again; *body* is JSON."""

    status: int
    headers: Mapping[str, str]
    body: str = field(repr=False)


def once(
    asked: Asked, work: Callable[[], Answer], *, now: datetime
) -> tuple[Answer, bool]:
    """Return the answer, and whether it is an earlier one.

    Key and work are one transaction: they commit together, or, where *work* raises,
    vanish together. Raises KeyReused, StillInProgress, AnswerLost.
    """
    with transaction.atomic():
        IdempotentAnswer.objects.filter(
            **asked.where, created_at__lte=now - KEPT_FOR
        ).delete()
        row, is_first = _claimed(asked, now)
        if not is_first:
            return _earlier(asked, row), True
        answer = work()
        row.sealed = sealing.seal(_as_text(answer), context=row.sealing_context)
        row.save(update_fields=["sealed"])
    return answer, False


def _claimed(asked: Asked, now: datetime) -> tuple[IdempotentAnswer, bool]:
    """Waits while another request with the key has not committed yet."""
    values = {"fingerprint": asked.fingerprint, "created_at": now}
    try:
        _wait_for_locks("5s")
        found = IdempotentAnswer.objects.get_or_create(**asked.where, defaults=values)
        _wait_for_locks("0")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == LOCK_NOT_AVAILABLE:
            raise StillInProgress from None
        raise
    return found


def _wait_for_locks(time: str) -> None:
    """SQLite has one writer at a time, and a time-out for that of its own."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [time])


def _earlier(asked: Asked, row: IdempotentAnswer) -> Answer:
    if bytes(row.fingerprint) != asked.fingerprint:
        raise KeyReused
    try:
        text = sealing.unseal(row.sealed, context=row.sealing_context)
    except sealing.Unsealable:
        raise AnswerLost from None
    kept: dict[str, Any] = json.loads(text)
    return Answer(kept["status"], kept["headers"], kept["body"])


def _as_text(answer: Answer) -> str:
    kept = {"status": answer.status, "headers": answer.headers, "body": answer.body}
    return json.dumps(kept)


def purge_idempotency(*, before: datetime, limit: int) -> int:
    """Delete up to *limit* answers from before then, the oldest first; how many."""
    old = IdempotentAnswer.objects.filter(created_at__lt=before).order_by("created_at")
    deleted, _ = IdempotentAnswer.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:limit])
    ).delete()
    return deleted
