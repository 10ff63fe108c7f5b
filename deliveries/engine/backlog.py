"""Which webhooks have something to send, and when."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from deliveries.statements import execute, moment
from subscriptions.models import Webhook
from subscriptions.profiles import is_known

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

# A loose index scan: one step in the index for each webhook, however long its backlog.
# Only tests go out to a webhook that is not active; the rest waits for the end of its
# verification, or is skipped.
_BUSY = """
WITH RECURSIVE busy(webhook_id) AS (
    SELECT min(webhook_id) FROM deliveries_delivery WHERE state = 0
    UNION ALL
    SELECT (SELECT min(webhook_id) FROM deliveries_delivery
            WHERE state = 0 AND webhook_id > busy.webhook_id)
    FROM busy WHERE busy.webhook_id IS NOT NULL
)
SELECT webhook.id, webhook.tenant_id, webhook.profile, webhook.status, webhook.deleted_at IS NOT NULL, health.webhook_id,
    CASE WHEN webhook.status = 'Active' AND webhook.deleted_at IS NULL
    THEN (SELECT min(due_at) FROM deliveries_delivery
          WHERE state = 0 AND webhook_id = webhook.id)
    ELSE (SELECT min(due_at) FROM deliveries_delivery
          WHERE state = 0 AND is_test AND webhook_id = webhook.id)
    END
FROM busy
JOIN subscriptions_webhook webhook ON webhook.id = busy.webhook_id
LEFT JOIN deliveries_webhookhealth health ON health.webhook_id = webhook.id
ORDER BY webhook.id
"""


# What is leased is little: what is in flight, on all nodes.
_TORN = """
SELECT DISTINCT webhook_id FROM deliveries_delivery WHERE is_leased AND due_at <= %s
"""


@dataclass(frozen=True, slots=True)
class Busy:
    """A webhook with pending deliveries. *next_due*: of those that may go out."""

    webhook_id: int
    tenant_id: int
    profile: str
    status: str
    is_deleted: bool
    has_health: bool
    next_due: datetime | None

    @property
    def is_active(self) -> bool:
        return self.status == Webhook.Status.ACTIVE and not self.is_deleted

    @property
    def is_stopped(self) -> bool:
        """What waits for it will never be sent."""
        return self.status == Webhook.Status.DISABLED or self.is_deleted

    def is_due(self, now: datetime) -> bool:
        return self.next_due is not None and self.next_due <= now


def busy_webhooks() -> list[Busy]:
    """All webhooks with pending deliveries, in the order of their ids.

    One whose profile this process does not know waits for one that does.
    """
    return [
        Busy(pk, tenant, profile, status, bool(gone), health is not None, moment(due))
        for pk, tenant, profile, status, gone, health, due in execute(_BUSY)
        if is_known(profile)
    ]


def torn_webhooks(now: datetime) -> list[Busy]:
    """Those of a delivery whose worker died: its lease has run out."""
    torn = {webhook_id for (webhook_id,) in execute(_TORN, [now])}
    return [each for each in busy_webhooks() if each.webhook_id in torn] if torn else []


def in_turn(busy: Iterable[Busy], *, after: int) -> list[Busy]:
    """Tenant by tenant, one webhook each, then the next of each.

    Within a tenant those come first that follow the webhook *after*. However many
    webhooks a tenant has, the others wait for one of them at most.
    """
    places: Counter[int] = Counter()
    ranked = []
    for webhook in sorted(busy, key=lambda webhook: webhook.webhook_id <= after):
        ranked.append((places[webhook.tenant_id], webhook))
        places[webhook.tenant_id] += 1
    return [webhook for _, webhook in sorted(ranked, key=itemgetter(0))]
