"""What each reply means: the table is the specification (contract, section 8)."""

from __future__ import annotations

import pytest

from deliveries.policy.outcomes import OURS, Outcome, classify
from deliveries.wire.exchange import Failure, FailureKind, Response


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        pytest.param([200, 201, 204, 226, 299], Outcome.DELIVERED, id="2xx"),
        pytest.param([500, 502, 503, 504, 599], Outcome.FAILED, id="5xx"),
        pytest.param([408, 429], Outcome.FAILED, id="the receiver asks for time"),
        pytest.param([410], Outcome.GONE, id="410"),
        pytest.param([400, 401, 403, 404, 409, 411, 499], Outcome.REFUSED, id="4xx"),
        pytest.param([300, 301, 302, 304, 307, 308], Outcome.REFUSED, id="3xx"),
        pytest.param([100, 101, 199, 600, 999], Outcome.REFUSED, id="other"),
    ],
)
def test_a_status_code(statuses, outcome):
    assert {classify(Response(status)) for status in statuses} == {outcome}


@pytest.mark.parametrize("kind", sorted({*FailureKind} - OURS))
def test_no_answer_is_worth_another_attempt(kind):
    assert classify(Failure(kind, "Why.")) is Outcome.FAILED


@pytest.mark.parametrize("kind", [FailureKind.OUTAGE, FailureKind.PROXY])
def test_what_was_our_own_fault_is_charged_to_nobody(kind):
    assert classify(Failure(kind, "Why.")) is Outcome.EXCUSED


@pytest.mark.parametrize("cut", ["size", "time", "broken"])
def test_the_status_line_decides_however_the_body_ends(cut):
    assert classify(Response(200, cut=cut)) is Outcome.DELIVERED
    assert classify(Response(500, cut=cut)) is Outcome.FAILED
