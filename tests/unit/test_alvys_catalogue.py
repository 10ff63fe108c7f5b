"""What the default profile offers: names, schemas and samples hold what they promise."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from subscriptions.profiles import UnknownProfile, all_profiles, profile

REFERENCE = {
    "Tenders": {
        "tender.created",
        "tender.bid.submitted",
        "tender.accepted",
        "tender.rejected",
        "tender.change.created",
        "tender.change.accepted",
        "tender.stop.eta_updated",
        "tender.stop.arrived",
        "tender.stop.departed",
        "tender.invoiced",
        "tender.cancelled",
    },
    "Loads": {"load.status.changed", "load.changed"},
    "Trips": {"trip.status.changed", "trip.changed"},
    "Documents": {
        "load.document.uploaded",
        "load.document.deleted",
        "trip.document.uploaded",
        "trip.document.deleted",
        "driver.document.uploaded",
        "driver.document.deleted",
        "carrier.document.uploaded",
        "carrier.document.deleted",
        "truck.document.uploaded",
        "truck.document.deleted",
        "trailer.document.uploaded",
        "trailer.document.deleted",
    },
    "Visibility": {"visibility.status.updated", "visibility.location.updated"},
    "Operational": {"webhook.test", "webhook.disabled", "notification.triggered"},
}

ALVYS = profile("alvys")
EVENT_TYPES = {event_type.name: event_type for event_type in ALVYS.event_types}

each_event_type = pytest.mark.parametrize(
    "event_type", ALVYS.event_types, ids=lambda event_type: event_type.name
)


def accepts(name, data):
    return Draft202012Validator(EVENT_TYPES[name].schema).is_valid(data)


def sample(name):
    return EVENT_TYPES[name].sample


def test_the_profile_says_who_it_is():
    assert (ALVYS.name, ALVYS.title, ALVYS.version) == ("alvys", "Alvys", "v1")
    assert ALVYS.policy.verifies_ownership
    assert ALVYS.policy.ordered_per_entity
    assert ALVYS in all_profiles()


def test_an_unknown_profile_is_refused_by_name():
    with pytest.raises(UnknownProfile, match="no profile named 'nobody'"):
        profile("nobody")


def test_the_catalogue_is_the_reference_list():
    offered = {group: set() for group in REFERENCE}
    for event_type in ALVYS.event_types:
        offered[event_type.group].add(event_type.name)

    assert offered == REFERENCE


def test_names_are_unique():
    assert len(EVENT_TYPES) == len(ALVYS.event_types) == 32


def test_only_the_test_event_cannot_be_subscribed_to():
    unsubscribable = [name for name, e in EVENT_TYPES.items() if not e.subscribable]

    assert unsubscribable == ["webhook.test"]


def test_the_catalogue_is_read_once():
    assert ALVYS.event_types is ALVYS.event_types


@each_event_type
def test_a_name_is_dotted_lower_case(event_type):
    assert re.fullmatch(r"[a-z]+(\.[a-z_]+)+", event_type.name)


@each_event_type
def test_a_description_is_one_or_two_sentences(event_type):
    assert re.fullmatch(r"[A-Z][^.]+\. [A-Z].+\.", event_type.description)
    assert len(event_type.description) <= 200


@each_event_type
def test_an_event_type_follows_the_envelope_and_is_current(event_type):
    assert event_type.version == ALVYS.version
    assert not event_type.deprecated


@each_event_type
def test_a_schema_is_valid_draft_2020_12(event_type):
    assert event_type.schema["$schema"].endswith("/draft/2020-12/schema")

    Draft202012Validator.check_schema(event_type.schema)


@each_event_type
def test_a_schema_carries_every_shape_it_names_and_no_other(event_type):
    named = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(event_type.schema)))

    carried = {f"#/$defs/{name}" for name in event_type.schema.get("$defs", {})}
    assert named == carried


@each_event_type
def test_a_sample_satisfies_its_schema(event_type):
    errors = Draft202012Validator(event_type.schema).iter_errors(event_type.sample)

    assert [error.message for error in errors] == []


@each_event_type
def test_a_sample_shows_every_member_that_its_schema_describes(event_type):
    assert set(event_type.sample) == set(event_type.schema["properties"])


@each_event_type
def test_a_sample_is_small_and_fully_written_out(event_type):
    text = json.dumps(event_type.sample)

    assert len(text) < 20 * 1024
    assert "$example" not in text


@each_event_type
def test_a_sample_points_to_nobody_real(event_type):
    text = json.dumps(event_type.sample)

    hosts = re.findall(r"(?:https?://|@)([\w.-]+)", text)
    assert all(host.endswith("example.com") for host in hosts)


@pytest.mark.parametrize("name", ["load", "trip", "tender"])
def test_a_snapshot_in_a_sample_is_complete(name):
    events = {
        "load": "load.changed",
        "trip": "trip.changed",
        "tender": "tender.created",
    }
    shape = EVENT_TYPES[events[name]].schema["$defs"][name.title()]

    assert set(sample(events[name])[name]) == set(shape["properties"])


def test_the_samples_tell_one_story():
    accepted, load = sample("tender.accepted"), sample("load.changed")["load"]
    trip = sample("trip.changed")["trip"]

    assert accepted["tender"]["id"] == accepted["tenderId"] == load["tenderId"]
    assert accepted["loadId"] == load["id"]
    assert accepted["loadNumber"] == load["loadNumber"] == trip["loadNumber"]
    assert [stop["id"] for stop in load["stops"]] == [s["id"] for s in trip["stops"]]
    assert sample("trip.document.uploaded")["tripId"] == trip["id"]


def test_only_an_uploaded_document_can_be_downloaded():
    uploaded = sample("load.document.uploaded")["document"]
    deleted = sample("load.document.deleted")["document"]

    assert set(uploaded) - set(deleted) == {"downloadUrl", "expiresAt"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "tender.accepted",
            {"tenderId": "T-1", "loadId": "L-1", "loadNumber": "1000580"},
        ),
        ("tender.accepted", {"tenderId": "T-1"}),
        ("tender.accepted", {"tenderId": "T-1", "loadId": None, "loadNumber": None}),
        ("tender.accepted", {"tenderId": "T-1", "tender": None}),
        ("tender.accepted", {"tenderId": "T-1", "carrierNote": "new member"}),
        ("tender.created", {"tenderId": "T-1", "tender": {"stops": []}}),
        ("tender.cancelled", {"tenderId": "T-1"}),
        ("tender.change.created", {"tenderId": "T-1", "changeTypes": ["Unheard"]}),
        ("tender.bid.submitted", {"bidAmount": 1749.06}),
        ("tender.bid.submitted", {"bidAmount": {"amount": 1749.06}}),
        ("tender.stop.arrived", {"stopId": "S-1"}),
        ("tender.invoiced", {"invoiceId": "I-1"}),
        ("load.status.changed", {"previousStatus": "Covered", "status": "InTransit"}),
        ("load.status.changed", {"previousStatus": "A", "status": "B", "load": None}),
        ("load.changed", {"load": {"loadNumber": "100"}}),
        ("load.changed", {"load": {"id": "L1"}}),
        ("load.changed", {"load": None}),
        ("load.changed", {"load": {}, "diff": {"changes": []}}),
        ("trip.changed", {"trip": {"id": "T1", "stops": [{"id": "6fe6"}]}}),
        ("load.document.deleted", {"loadNumber": "100", "document": {"id": "D1"}}),
        ("visibility.status.updated", {"statusReason": "Normal Status"}),
        ("webhook.test", {"message": "Hello", "webhookId": "whk_1"}),
    ],
)
def test_what_a_producer_may_really_send_is_accepted(name, data):
    assert accepts(name, data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tender.accepted", {}),
        ("tender.accepted", {"loadId": "L-1", "loadNumber": "1000580"}),
        ("tender.accepted", {"tenderId": 5}),
        ("tender.accepted", {"tenderId": None}),
        ("tender.accepted", {"tenderId": "T-1", "loadNumber": 1000580}),
        ("tender.accepted", {"tenderId": "T-1", "tender": "T-1"}),
        ("tender.accepted", ["T-1"]),
        ("tender.bid.submitted", {"bidAmount": None}),
        ("tender.bid.submitted", {"bidAmount": {"currency": 840}}),
        ("tender.stop.departed", {"tenderId": "T-1"}),
        ("load.status.changed", {"status": "Open", "load": None}),
        ("load.status.changed", {"previousStatus": None, "status": "Open"}),
        ("load.changed", {"loadNumber": "100"}),
        ("load.changed", {"load": {"loadNumber": 100}}),
        ("load.changed", {"load": {"linehaul": 1450}}),
        ("load.changed", {"load": {"stops": [{"coordinates": {"latitude": 91}}]}}),
        ("load.changed", {"load": {}, "diff": {"changes": [{}]}}),
        ("trip.changed", {}),
        ("trip.document.uploaded", {"document": {"id": "D1"}}),
        ("trip.document.uploaded", {"tripId": "T1", "document": {}}),
        ("trip.document.uploaded", {"tripId": "T1", "document": None}),
        ("visibility.location.updated", {}),
        ("webhook.disabled", {"webhookId": "whk_1"}),
    ],
)
def test_what_no_receiver_could_use_is_refused(name, data):
    assert not accepts(name, data)
