"""Who wants an event: the one question that fan-out asks."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection

from subscriptions.filters import Filter, read
from subscriptions.identifiers import NotAnIdentifier, decode
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

Interest = tuple[int, str]

# Each publication asks it, and building the query would cost eight times the answer.
_WHO_WANTS = """
SELECT webhook.subsidiary_id, wanted.name, webhook.id, webhook.filter
FROM subscriptions_eventtype wanted
JOIN subscriptions_subscription subscription ON subscription.event_type_id = wanted.id
JOIN subscriptions_webhook webhook ON webhook.id = subscription.webhook_id
WHERE webhook.subsidiary_id IN ({}) AND wanted.name IN ({})
AND webhook.status = %s AND webhook.deleted_at IS NULL
ORDER BY webhook.id
"""


class Taker(NamedTuple):
    """A webhook that wants events of a type; with a *filter*, only some of them."""

    webhook_id: int
    filter: Filter | None = None


def webhooks_for(interests: Collection[Interest]) -> dict[Interest, list[Taker]]:
    """For each (subsidiary id, event type name), the active webhooks that want it.

    One query, however many are asked for; each filter is read once.
    """
    subsidiaries = {subsidiary for subsidiary, _ in interests}
    names = {name for _, name in interests}
    found: dict[Interest, list[Taker]] = defaultdict(list)
    if not interests:
        return found
    sql = _WHO_WANTS.format(_marks(subsidiaries), _marks(names))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*subsidiaries, *names, Webhook.Status.ACTIVE.value])
        takers: dict[int, Taker] = {}
        for subsidiary, name, webhook, stored in cursor.fetchall():
            if webhook not in takers:
                takers[webhook] = Taker(
                    webhook, read(json.loads(stored)) if stored else None
                )
            found[subsidiary, name].append(takers[webhook])
    return found


def webhooks_named(public_ids: Iterable[str]) -> dict[str, int]:
    """Their ids, by what they are called outside. Without names: no query."""
    uids = {}
    for public_id in public_ids:
        with suppress(NotAnIdentifier):
            uids[decode("whk", public_id)] = public_id
    if not uids:
        return {}
    rows = Webhook.objects.filter(uid__in=uids).order_by().values_list("uid", "pk")
    return {uids[uid]: pk for uid, pk in rows}


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))
