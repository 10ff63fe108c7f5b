"""When a webhook is disabled without anybody asking."""

from __future__ import annotations

import pytest

from deliveries.policy.disabling import Disabling, reason_to_disable
from deliveries.policy.outcomes import Outcome
from subscriptions.models import Webhook


@pytest.mark.parametrize(
    ("outcome", "failures", "reason"),
    [
        (Outcome.GONE, 1, Disabling.GONE),
        (Outcome.GONE, 10, Disabling.GONE),
        (Outcome.REFUSED, 9, None),
        (Outcome.REFUSED, 10, Disabling.CONSECUTIVE_FAILURES),
        (Outcome.FAILED, 9, None),
        (Outcome.FAILED, 10, Disabling.CONSECUTIVE_FAILURES),
        (Outcome.FAILED, 11, Disabling.CONSECUTIVE_FAILURES),
        (Outcome.DELIVERED, 0, None),
        (Outcome.DELIVERED, 10, None),
    ],
)
def test_reasons(outcome, failures, reason):
    found = reason_to_disable(outcome, consecutive_failures=failures, limit=10)

    assert found is reason


def test_the_webhook_knows_the_same_reasons():
    assert set(Disabling) <= set(Webhook.DisabledReason)
