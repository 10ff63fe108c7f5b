"""What the log says about the connections of a moment ago. The log is the count.

It is asked only by a worker that itself reaches nearly nobody: of all workers' attempts
together no greater share can have failed than of the worst one's.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.db.models import Exists, OuterRef

from deliveries.models import Attempt
from deliveries.policy.egress import (
    UNCONNECTED,
    Evidence,
    Tally,
    Witness,
    is_unconnected,
    total,
)
from deliveries.statements import among, execute
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from deliveries.engine.delivering import Sent

# Enough to judge by; it bounds what a look at a busy minute costs.
LATEST = 2_000

_RECENT = """
SELECT webhook_id, count(*), sum(CASE WHEN error_kind {} THEN 1 ELSE 0 END)
FROM (
    SELECT webhook_id, error_kind, started_at FROM deliveries_attempt
    WHERE status <> 'skipped' ORDER BY id DESC LIMIT %s
) AS latest
WHERE started_at > %s GROUP BY webhook_id
"""


def evidence(
    sent: Iterable[Sent], *, since: datetime, delivered_since: datetime
) -> Evidence:
    """Of what all nodes have sent, and of *sent*, which is not recorded yet."""
    found = _tallies(sent, since=since)
    failing = [pk for pk, tally in found.items() if tally.unconnected]
    return Evidence(
        tally=total(found.values()),
        witnesses=_witnesses(failing, since=delivered_since),
        tenants=_tenants_with_webhooks(),
    )


def _tallies(sent: Iterable[Sent], *, since: datetime) -> dict[int, Tally]:
    attempts, unconnected = Counter[int](), Counter[int]()
    these, kinds = among([str(kind) for kind in UNCONNECTED])
    recent = execute(_RECENT.format(these), [*kinds, LATEST, since])
    for webhook_id, count, failed in recent:
        attempts[webhook_id], unconnected[webhook_id] = count, failed
    for each in sent:
        attempts[each.claimed.webhook_id] += 1
        unconnected[each.claimed.webhook_id] += is_unconnected(each.exchange)
    return {pk: Tally(attempts[pk], unconnected[pk]) for pk in attempts}


def _witnesses(failing: Collection[int], *, since: datetime) -> list[Witness]:
    delivered = Attempt.objects.filter(
        webhook=OuterRef("pk"), status=Attempt.Status.SUCCESS, started_at__gt=since
    )
    found = Webhook.objects.filter(Exists(delivered), pk__in=failing)
    return [
        Witness(pk, tenant_id, urlsplit(url).hostname or "")
        for pk, tenant_id, url in found.values_list("pk", "tenant_id", "url")
    ]


def _tenants_with_webhooks() -> int:
    active = Webhook.objects.filter(
        status=Webhook.Status.ACTIVE, deleted_at__isnull=True
    )
    return active.values("tenant").distinct().count()
