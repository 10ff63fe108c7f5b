"""What the SupplierXM profile offers, and the body that its webhooks receive."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from jsonschema import Draft202012Validator

from deliveries.conf import get_conf
from deliveries.wire.envelope import envelope
from subscriptions.profiles import (
    Facts,
    Retried,
    Signature,
    Unacknowledged,
    profile,
)

SUPPLIERXM = profile("supplierxm")
EVENT_TYPES = {each.name: each for each in SUPPLIERXM.event_types}
REQUIRED = {
    "EVENT_CREATED": ["event_uuid"],
    "EVENT_UPDATED": ["event_uuid"],
    "EVENT_DELETED": ["event_uuid"],
    "BU_CHASED": ["business_unit_uuid"],
    "ANSWER_STATUS_UPDATED": ["answer_uuid"],
    "NEW_CHAT_MESSAGE": ["business_unit_uuid"],
    "ANSWER_SENDABLE_UPDATED": ["answer_uuid", "sendable_status"],
}

each_event_type = pytest.mark.parametrize(
    "event_type", SUPPLIERXM.event_types, ids=lambda event_type: event_type.name
)


def accepts(name, data):
    return Draft202012Validator(EVENT_TYPES[name].schema).is_valid(data)


def test_it_offers_the_seven_events_of_the_reference():
    assert {
        name: each.schema["required"] for name, each in EVENT_TYPES.items()
    } == REQUIRED


@each_event_type
def test_the_schema_is_valid_and_so_is_the_sample(event_type):
    Draft202012Validator.check_schema(event_type.schema)

    assert accepts(event_type.name, event_type.sample)


@each_event_type
def test_an_event_holds_ids_and_nothing_else(event_type):
    assert not accepts(event_type.name, {**event_type.sample, "title": "Offer"})


@each_event_type
def test_an_id_must_not_be_missing(event_type):
    for name in REQUIRED[event_type.name]:
        data = {k: v for k, v in event_type.sample.items() if k != name}
        assert not accepts(event_type.name, data)


@each_event_type
@pytest.mark.parametrize("value", ["", None, 7])
def test_an_id_is_a_text(event_type, value):
    name = REQUIRED[event_type.name][0]

    assert not accepts(event_type.name, {**event_type.sample, name: value})


@pytest.mark.parametrize(
    "status", ["SENT", "SEND-ERROR", "UPDATE_REQUESTED", "SELECTED", "REJECTED"]
)
def test_a_proposal_has_one_of_five_states(status):
    assert accepts("ANSWER_STATUS_UPDATED", {"answer_uuid": "a", "status": status})


@pytest.mark.parametrize("status", ["false", "pending", "true"])
def test_whether_a_proposal_can_be_sent_has_three_answers(status):
    data = {"answer_uuid": "a", "sendable_status": status}

    assert accepts("ANSWER_SENDABLE_UPDATED", data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ANSWER_STATUS_UPDATED", {"answer_uuid": "a", "status": "LOST"}),
        ("ANSWER_STATUS_UPDATED", {"answer_uuid": "a", "status": "sent"}),
        ("ANSWER_SENDABLE_UPDATED", {"answer_uuid": "a", "sendable_status": True}),
        ("ANSWER_SENDABLE_UPDATED", {"answer_uuid": "a", "sendable_status": "no"}),
    ],
)
def test_other_states_do_not_exist(name, data):
    assert not accepts(name, data)


def test_the_bytes_of_the_body():
    moment = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    facts = Facts("e-1", EVENT_TYPES["EVENT_CREATED"], moment, {"event_uuid": "t-1"})

    assert envelope(facts, profile=SUPPLIERXM) == (
        b'{"uuid":"e-1","name":"EVENT_CREATED","version":1,'
        b'"created_at":"2026-11-21T08:00:00+00:00","data":{"event_uuid":"t-1"}}'
    )


def test_the_version_is_a_number_on_the_wire():
    facts = Facts("e", EVENT_TYPES["BU_CHASED"], datetime.now(UTC), {})

    assert json.loads(envelope(facts, profile=SUPPLIERXM))["version"] == 1


def test_the_policy_is_that_of_the_reference():
    policy = SUPPLIERXM.policy

    assert not policy.verifies_ownership
    assert policy.ordered_per_entity
    assert not policy.firsts_before_retries
    assert not policy.stops_when_gone
    assert [status for status in range(100, 600) if status in policy.success] == [200]
    assert policy.retried is Retried.EVERYTHING
    assert policy.timeout == timedelta(seconds=30)
    assert policy.stop_rule == Unacknowledged(after=timedelta(hours=48))
    assert SUPPLIERXM.signature is Signature.TOKEN


def test_the_delays_are_those_of_the_reference():
    minutes = [delay.total_seconds() / 60 for delay in SUPPLIERXM.policy.delays]

    assert minutes == [1, 5, 15, 60, 180, 360, 720, 1440]


def test_the_last_attempt_ends_before_the_patience_does():
    rules = get_conf().rules("supplierxm")
    attempts = len(rules.retries.delays) + 1

    longest = sum(rules.retries.delays, attempts * rules.timeout)

    assert longest < rules.patience
