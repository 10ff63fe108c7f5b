from __future__ import annotations

import pytest

from deliveries.policy.poison import Suspicion, suspicion


@pytest.mark.parametrize(
    ("interruptions", "judgement"),
    [
        (1, Suspicion.NONE),
        (2, Suspicion.NONE),
        (3, Suspicion.SUSPECT),
        (4, Suspicion.SUSPECT),
        (5, Suspicion.POISON),
        (6, Suspicion.POISON),
    ],
)
def test_three_interruptions_are_suspicious_and_five_are_enough(
    interruptions, judgement
):
    assert suspicion(interruptions=interruptions) is judgement
