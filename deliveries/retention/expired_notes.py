"""What is kept beside the log for a while: who did what, answers to keys, limits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from deliveries.notifications.forgetting import expired_incidents, purge_incidents
from deliveries.retention.rows import batch_size
from subscriptions import audit
from subscriptions.buckets import purge_full_buckets
from subscriptions.idempotency import KEPT_FOR, purge_idempotency
from subscriptions.models import AuditEvent, IdempotentAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deliveries.retention.periods import Periods


def audit_batches(periods: Periods) -> Iterator[int]:
    return _batches(partial(audit.purge, before=periods.audit))


def audit_count(periods: Periods) -> int:
    return AuditEvent.objects.filter(created_at__lt=periods.audit).count()


def key_batches(periods: Periods) -> Iterator[int]:
    return _batches(partial(purge_idempotency, before=periods.now - KEPT_FOR))


def key_count(periods: Periods) -> int:
    expired = IdempotentAnswer.objects.filter(created_at__lt=periods.now - KEPT_FOR)
    return expired.count()


def bucket_batches(periods: Periods) -> Iterator[int]:
    return _batches(purge_full_buckets)


def bucket_count(periods: Periods) -> int:
    """They hold nothing that anybody misses: nobody needs to know."""
    return 0


def incident_batches(periods: Periods) -> Iterator[int]:
    return _batches(partial(purge_incidents, periods.cutoffs))


def incident_count(periods: Periods) -> int:
    return expired_incidents(periods.cutoffs).count() if periods.cutoffs else 0


def _batches(delete: Callable[..., int]) -> Iterator[int]:
    while deleted := delete(limit=batch_size()):
        yield deleted
