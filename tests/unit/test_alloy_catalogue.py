"""What the Alloy profile offers, and the body that its webhooks receive."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from jsonschema import Draft202012Validator

from deliveries.wire.envelope import envelope
from subscriptions.profiles import (
    AttemptsInARow,
    Facts,
    Retried,
    Signature,
    all_profiles,
    profile,
)

ALLOY = profile("alloy")
EVENT_TYPES = {each.name: each for each in ALLOY.event_types}
LIVE = "update:journeyapplications:live"
SANDBOX = "update:journeyapplications:sandbox"
TRIGGERS = {
    LIVE: "Live Journey Application Status Change",
    SANDBOX: "Sandbox Journey Application Status Change",
    "create:reviews:is_entity": "Manually Review an Entity",
    "create:reviews:is_group": "Manually Review a Group",
    "create:evaluations:run_create": "Creating an Evaluation Manually",
    "create:evaluations:rerun": "Rerunning Evaluations Manually",
    "update:evaluations:async": "Asynchronously Updated Evaluation",
    "create:evaluations:vendor_webhook": "Evaluation Created by Data Vendor Webhook",
    "create:notes": "Create new Notes",
    "update:batches:completed": "Batch evaluation completed",
    "update:transactions:status": "Attempted transaction status update",
    "update:bankaccounts:status": "Attempted bank account status update",
}
JOURNEY_EVENTS = [
    "application_archived",
    "application_expired",
    "application_unarchived",
    "completed_action",
    "completed_application",
    "completed_branch",
    "completed_evaluation",
    "completed_mid_journey_reconciliation",
    "completed_reconciliation",
    "completed_review",
    "completed_review_journey_application",
    "data_request_evaluation",
    "error",
    "executed_branch_change",
    "has_finished_sending_additional_entities",
    "journey_application_retriggered",
    "maximum_retries_reached",
    "pending_action",
    "pending_action_expired",
    "pending_documents",
    "pending_evaluation",
    "pending_review",
    "pending_step_up",
    "pending_step_up_expired",
    "pending_workflow_service",
    "queued_branch_change",
    "reached_application_outcome",
    "reached_auto_decision_node",
    "reached_mid_journey_reconciliation_node",
    "reached_retry_node",
    "started_application",
    "started_evaluation",
    "started_mid_journey_reconciliation",
    "started_reconciliation",
    "started_rerun_application",
    "started_review",
    "visited_node",
]
ERROR = {"error": {"type": "timeout", "message": "No answer."}}

each_event_type = pytest.mark.parametrize(
    "event_type", ALLOY.event_types, ids=lambda event_type: event_type.name
)
each_journey_event = pytest.mark.parametrize("name", JOURNEY_EVENTS)


def accepts(name, data):
    return Draft202012Validator(EVENT_TYPES[name].schema).is_valid(data)


def told(name, **changes):
    """The data of a live journey event."""
    return EVENT_TYPES[LIVE].sample | {"type": name} | changes


def without(data, member):
    return {name: value for name, value in data.items() if name != member}


def test_it_offers_the_trigger_actions_of_the_reference():
    assert {name: each.description for name, each in EVENT_TYPES.items()} == TRIGGERS


def test_event_types_of_two_profiles_never_share_a_name():
    names = [each.name for known in all_profiles() for each in known.event_types]

    assert len(set(names)) == len(names)


@each_event_type
def test_the_schema_is_valid_and_so_is_the_sample(event_type):
    Draft202012Validator.check_schema(event_type.schema)

    assert accepts(event_type.name, event_type.sample)


@each_event_type
def test_an_event_without_data_is_refused(event_type):
    assert not accepts(event_type.name, {})


@each_event_type
def test_every_shape_that_is_named_is_there(event_type):
    named = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(event_type.schema)))

    assert named <= {f"#/$defs/{name}" for name in event_type.schema.get("$defs", {})}


@each_journey_event
def test_each_of_the_37_journey_events_may_be_told(name):
    assert len(JOURNEY_EVENTS) == 37
    assert accepts(LIVE, told(name))
    assert accepts(SANDBOX, told(name))


def test_another_journey_event_is_refused():
    assert not accepts(LIVE, told("application_lost"))


@each_journey_event
def test_of_a_journey_event_its_journey_and_its_kind_are_enough(name):
    least = {"journey_token": "J-1", "type": name}

    assert accepts(LIVE, least)
    for member in least:
        assert not accepts(LIVE, without(least, member))


def test_what_belongs_to_some_journey_events_has_its_form():
    rerun = told("started_rerun_application", rerun_journey_application_token="JA-2")
    assert accepts(LIVE, rerun)
    assert accepts(LIVE, told("error", error_data=ERROR))
    assert accepts(LIVE, told("completed_review", outcome="Denied"))

    assert not accepts(LIVE, told("error", error_data={"error": "No answer."}))
    assert not accepts(LIVE, told("completed_review", outcome=7))


def test_a_node_is_of_one_of_six_types():
    node = EVENT_TYPES[LIVE].sample["_embedded"]["node"]
    for kind in ("start", "workflow", "review", "outcome", "action", "docv"):
        assert accepts(LIVE, told("error", _embedded={"node": node | {"type": kind}}))

    assert not accepts(LIVE, told("error", _embedded={"node": node | {"type": "x"}}))


def test_the_samples_link_to_their_application():
    for name in (LIVE, SANDBOX):
        data = EVENT_TYPES[name].sample
        assert data["_links"]["journey_application"]["href"] == (
            f"/v1/journeys/{data['journey_token']}"
            f"/applications/{data['journey_application_token']}"
        )


def test_in_the_review_of_a_group_the_entity_is_the_group():
    data = EVENT_TYPES["create:reviews:is_group"].sample

    assert data["entity_token"] == data["group_token"]
    assert data["external_entity_id"] == data["external_group_id"]


def test_the_body_is_a_request_token_a_time_in_milliseconds_and_the_trigger_action():
    at = datetime(2023, 12, 12, 17, 38, 22, 993_000, tzinfo=UTC)
    facts = Facts("0f5c", EVENT_TYPES[SANDBOX], at, {"name": "Žofie"})

    assert envelope(facts, profile=ALLOY).decode() == (
        '{"request_token":"0f5c","timestamp":1702402702993,'
        f'"type":"{SANDBOX}",'
        '"description":"Sandbox Journey Application Status Change",'
        '"data":{"name":"Žofie"}}'
    )


def test_its_policy_is_the_retry_table_of_the_reference():
    policy = ALLOY.policy
    minutes = [delay / timedelta(minutes=1) for delay in policy.delays[1:]]

    assert policy.delays[0] == timedelta(seconds=1)
    assert minutes == [1, 9, 20, 60, 90, 180, 360, 720]
    assert policy.timeout == timedelta(seconds=10)
    assert policy.retried is Retried.EVERYTHING
    assert policy.stop_rule == AttemptsInARow(100, within=timedelta(hours=72))
    assert policy.firsts_before_retries
    assert policy.stops_when_gone
    assert not policy.verifies_ownership
    assert not policy.ordered_per_entity
    assert all(code in policy.success for code in range(200, 300))
    assert ALLOY.signature is Signature.CHOSEN
