"""What each reply means: the table is the specification (contract, section 8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deliveries.policy.outcomes import OURS, Outcome, classify
from deliveries.policy.rules import Defaults, rules_for
from deliveries.wire.exchange import Failure, FailureKind, Response
from subscriptions.profiles import Policy, Retried, profile

DEFAULTS = Defaults(timedelta(seconds=30), (timedelta(seconds=10),), 10)
ALVYS = rules_for(profile("alvys").policy, DEFAULTS)


def rules(**policy):
    return rules_for(
        Policy(verifies_ownership=False, ordered_per_entity=False, **policy), DEFAULTS
    )


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
    assert {classify(Response(status), ALVYS) for status in statuses} == {outcome}


@pytest.mark.parametrize("kind", sorted({*FailureKind} - OURS))
def test_no_answer_is_worth_another_attempt(kind):
    assert classify(Failure(kind, "Why."), ALVYS) is Outcome.FAILED


@pytest.mark.parametrize("kind", [FailureKind.OUTAGE, FailureKind.PROXY])
def test_what_was_our_own_fault_is_charged_to_nobody(kind):
    assert classify(Failure(kind, "Why."), ALVYS) is Outcome.EXCUSED


@pytest.mark.parametrize("cut", ["size", "time", "broken"])
def test_the_status_line_decides_however_the_body_ends(cut):
    assert classify(Response(200, cut=cut), ALVYS) is Outcome.DELIVERED
    assert classify(Response(500, cut=cut), ALVYS) is Outcome.FAILED


@pytest.mark.parametrize("status", [100, 302, 304, 400, 401, 404, 429, 500, 503])
def test_where_everything_is_retried_no_answer_is_final(status):
    found = classify(Response(status), rules(retried=Retried.EVERYTHING))

    assert found is Outcome.FAILED


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (201, Outcome.FAILED),
        (204, Outcome.FAILED),
        (410, Outcome.FAILED),
    ],
)
def test_a_profile_may_take_200_alone_and_not_care_for_410(status, outcome):
    strict = rules(
        retried=Retried.EVERYTHING, success=frozenset({200}), stops_when_gone=False
    )

    assert classify(Response(status), strict) is outcome


def test_where_only_what_passes_is_retried_410_may_be_one_refusal_of_many():
    found = classify(Response(410), rules(stops_when_gone=False))

    assert found is Outcome.REFUSED
