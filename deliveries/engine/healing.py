"""Put right what should not be: rows that nobody would look at again, or not for long.

No step of the engine leaves such rows behind; a clock that was put back does, and so
may a hand in the database.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from deliveries.engine.backlog import busy_webhooks
from deliveries.engine.ordering import promote_orphans
from deliveries.statements import among, execute
from subscriptions.verification import hasten_challenges

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from deliveries.conf import Conf

_PULL_BACK = """
UPDATE deliveries_delivery SET due_at = %s
WHERE state = 0 AND webhook_id {} AND is_leased = %s AND due_at > %s
RETURNING id
"""

logger = logging.getLogger(__name__)


def heal(conf: Conf, *, now: datetime) -> None:
    """Look for such rows and make them due; say so if there were any."""
    healed = {
        "orphans": promote_orphans(now=now),
        "far_off": _pull_back(conf, now=now),
        "challenges": hasten_challenges(now=now, lease=conf.challenge_lease),
    }
    if any(healed.values()):
        logger.warning("deliveries.healed", extra=healed)


def _pull_back(conf: Conf, *, now: datetime) -> int:
    """Nothing waits longer than its lease or its retry takes, unless the clock lied."""
    webhooks: dict[str, list[int]] = {}
    for each in busy_webhooks():
        webhooks.setdefault(each.profile, []).append(each.webhook_id)
    return sum(
        _pull_back_of(conf, profile, ids, now=now) for profile, ids in webhooks.items()
    )


def _pull_back_of(
    conf: Conf, profile: str, webhooks: Collection[int], *, now: datetime
) -> int:
    these, ids = among(webhooks)
    sql = _PULL_BACK.format(these)
    latest = now + conf.longest_wait(profile)
    waiting = execute(sql, [now, *ids, False, latest])
    # A lease gets its full length again: its worker may be at work.
    leased = execute(sql, [now + conf.lease(profile), *ids, True, latest])
    return len(waiting) + len(leased)
