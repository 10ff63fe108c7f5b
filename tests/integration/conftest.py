from __future__ import annotations

from datetime import timedelta

import pytest

from deliveries.engine.backlog import busy_webhooks
from deliveries.engine.claiming import Limits, claim

LEASE = timedelta(seconds=60)


@pytest.fixture
def claim_due(clock):
    """Claim as one worker does, at the clock's time."""

    def claim_as_worker(
        *, per_webhook=4, batch=100, lease_of=lambda _: LEASE, alone=False
    ):
        limits = Limits(lambda _: per_webhook, lambda _: batch, lease_of, alone)
        return claim(busy_webhooks(), limits=limits, now=clock())

    return claim_as_worker
