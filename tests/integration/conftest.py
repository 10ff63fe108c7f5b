from __future__ import annotations

from datetime import timedelta

import pytest

from deliveries.engine.backlog import busy_webhooks
from deliveries.engine.claiming import Limits, claim

LEASE = timedelta(seconds=60)


@pytest.fixture
def claim_due(clock):
    """Claim as one worker does, at the clock's time."""

    def claim_as_worker(*, total=100, per_webhook=4, lease=LEASE, alone=False):
        limits = Limits(total, per_webhook, lease, alone)
        return claim(busy_webhooks(), limits=limits, now=clock())

    return claim_as_worker
