"""What the demo publishes is what the catalogue allows, under ids of its own."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from subscriptions.profiles import profile
from webhooks_project.demo.lifecycle import CANCELLED, DELIVERED, Tender

STEPS = {step.type: step for step in (*DELIVERED, *CANCELLED)}


@pytest.mark.parametrize("event_type", STEPS)
def test_each_step_matches_the_schema_of_its_event_type(event_type):
    happening = Tender(number=1234567).happening(STEPS[event_type])

    schema = profile("alvys").event_type(event_type).schema
    assert list(Draft202012Validator(schema).iter_errors(happening.data)) == []


def test_the_events_of_a_tender_name_the_same_tender_load_and_trip():
    tender = Tender(number=1234567)

    accepted = tender.happening(STEPS["tender.accepted"])
    load = tender.happening(STEPS["load.changed"])
    trip = tender.happening(STEPS["trip.changed"])

    assert accepted.entity_id == accepted.data["tenderId"]
    assert accepted.data["tenderId"] == load.data["load"]["tenderId"]
    assert accepted.data["loadId"] == load.entity_id == load.data["load"]["id"]
    assert trip.entity_id == trip.data["trip"]["id"]
    assert trip.data["trip"]["loadNumber"] == "1234567"
    assert load.data["load"]["loadNumber"] == accepted.data["loadNumber"] == "1234567"


def test_two_tenders_share_no_id():
    first, second = Tender(number=1234567), Tender(number=1234568)

    for step in STEPS.values():
        happening = first.happening(step)
        other = second.happening(step)
        assert happening.entity_id != other.entity_id
        assert happening.entity_id not in json.dumps(other.data)


def test_a_status_change_tells_the_status_in_the_snapshot_too():
    happening = Tender(number=1234567).happening(CANCELLED[-1])

    assert happening.type == "trip.status.changed"
    assert happening.data["previousStatus"] == "Covered"
    assert happening.data["status"] == "Cancelled"
    assert happening.data["trip"]["status"] == "Cancelled"
    assert happening.previous is None


def test_a_change_leaves_the_diff_to_the_platform():
    happening = Tender(number=1234567).happening(STEPS["load.changed"])

    assert "diff" not in happening.data
    assert happening.previous["poNumber"] == "PO-66600"
    assert happening.data["load"]["poNumber"] != "PO-66600"
