"""What a diff says of a write: the tables are the specification."""

from __future__ import annotations

import copy
import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from deliveries.policy.changes import MAX_TARGETED, Forms, diff, forms
from subscriptions.catalogue import diff_rules_of
from subscriptions.models import EventType
from subscriptions.profiles import profile

EVENT_TYPES = {known.name: known for known in profile("alvys").event_types}
LOAD = EVENT_TYPES["load.changed"]
TRIP = EVENT_TYPES["trip.changed"]
PICKUP, DELIVERY = (stop["id"] for stop in TRIP.sample["trip"]["stops"])

LOAD_KINDS = """
    StatusChanged RateChanged FuelSurchargeChanged AccessorialsChanged MileageChanged
    InvoicedChanged PaymentRecorded InvoicingChanged CustomerChanged ContractChanged
    ScheduleChanged DueDateChanged Delivered DimensionsChanged CommodityChanged
    NotesChanged ReferencesChanged FieldChanged
"""
TRIP_KINDS = """
    StatusChanged ReleasedChanged DispatchChanged CarrierChanged CarrierPayOnHoldChanged
    DriverChanged TruckChanged TrailerChanged TemperatureChanged CarrierRateChanged
    TripValueChanged FuelSurchargeChanged DriverRatesChanged CarrierPaymentRecorded
    DueDateChanged StopAdded StopRemoved StopReordered StopAddressChanged
    StopTypeChanged StopCommodityChanged StopNotesChanged StopReferencesChanged
    StopInstructionsChanged AppointmentChanged ScheduleChanged ArrivalRecorded
    DepartureRecorded StopStatusChanged PickedUp Delivered MileageChanged TenderChanged
    ReferencesChanged
"""
# Told if a publisher sends them; the published shapes don't have them.
UNPUBLISHED = {"commodities", "dueDate", "fuelSurcharge", "notes", "instructions"}

both_types = pytest.mark.parametrize(
    "event_type", [LOAD, TRIP], ids=lambda event_type: event_type.name
)


def of_load(now, before):
    return diff({"load": now}, {"load": before}, rules=LOAD.diff_rules)


def of_trip(now, before):
    return diff({"trip": now}, {"trip": before}, rules=TRIP.diff_rules)


def of_stop(now, before):
    stops = [{"id": "s1"} | now], [{"id": "s1"} | before]
    return of_trip({"stops": stops[0]}, {"stops": stops[1]})


def stop(key, **members):
    return {"id": key} | members


def targeted(kind, key, target="Stop"):
    return {"kind": kind, "target": {"type": target, "id": key}}


def kinds(found):
    return [change["kind"] for change in found.changes]


# Which types have a diff, and what it may say


def test_only_the_changed_events_have_a_diff():
    with_diff = {name for name, known in EVENT_TYPES.items() if known.diff_rules}

    assert with_diff == {"load.changed", "trip.changed"}


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("trip.changed", TRIP.diff_rules),
        ("trip.status.changed", None),
        ("trip.since.withdrawn", None),
    ],
)
def test_the_catalogue_finds_the_rules_of_a_row(name, rules):
    assert diff_rules_of(EventType(profile="alvys", name=name)) is rules


@pytest.mark.parametrize(
    ("event_type", "documented"), [(LOAD, LOAD_KINDS), (TRIP, TRIP_KINDS)]
)
def test_the_rules_know_each_documented_kind_and_no_other(event_type, documented):
    rules = event_type.diff_rules
    known = [kind for kind, _ in rules.kinds]
    for items in rules.collections:
        known += [items.added, items.removed, items.reordered]
        known += [kind for kind, _ in items.kinds]
    known += ["FieldChanged"] if rules.fields else []

    assert set(known) == set(documented.split())


@both_types
def test_the_rules_name_fields_of_the_snapshot(event_type):
    shapes, rules = event_type.schema["$defs"], event_type.diff_rules
    members = {
        name for shape in shapes.values() for name in shape.get("properties", ())
    }
    own = set(shapes[rules.snapshot.title()]["properties"])

    tops = {path[0] for _, paths in rules.kinds for path in paths}
    below = {name for _, paths in rules.kinds for path in paths for name in path[1:]}
    of_items = {
        path[0]
        for items in rules.collections
        for _, paths in items.kinds
        for path in paths
    }
    assert tops - own <= UNPUBLISHED
    assert below <= members
    assert of_items - set(shapes["Stop"]["properties"]) <= UNPUBLISHED
    assert {name for name, _ in rules.fields} <= own
    assert {items.name for items in rules.collections} <= own


# The examples of the reference


def test_a_changed_purchase_order_number_is_told_by_the_name_of_the_field():
    found = of_load(
        {"loadNumber": "1", "poNumber": "666", "updatedAt": "2026-07-03T14:30:00Z"},
        {"loadNumber": "1", "poNumber": None, "updatedAt": "2026-07-03T14:26:11Z"},
    )

    assert found.changes == [targeted("FieldChanged", "PONumber", "Field")]
    assert found.previous_attributes == {
        "poNumber": None,
        "updatedAt": "2026-07-03T14:26:11Z",
    }


def test_a_removed_reference_of_a_stop_is_told_by_the_id_of_the_stop():
    reference = {"id": "r9", "name": "KK", "value": "7"}

    found = of_trip(
        {"stops": [stop("6fe6", references=[])]},
        {"stops": [stop("6fe6", references=[reference])]},
    )

    assert found.changes == [targeted("StopReferencesChanged", "6fe6")]
    assert found.previous_attributes == {
        "stops": {"changed": [stop("6fe6", references={"removed": [reference]})]}
    }


@both_types
def test_a_sample_shows_the_diff_that_its_own_previous_attributes_lead_to(event_type):
    now, told = (
        event_type.sample[event_type.diff_rules.snapshot],
        event_type.sample["diff"],
    )
    before = taken_back(now, told["previousAttributes"])

    given_data = {event_type.diff_rules.snapshot: now}
    given_before = {event_type.diff_rules.snapshot: before}
    made = forms(given_data, given_before, rules=event_type.diff_rules)

    assert made.with_previous == event_type.sample
    assert list(Draft202012Validator(event_type.schema).iter_errors(made.plain)) == []
    assert made.plain["diff"] == {"changes": told["changes"]}


# Kinds


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ({"status": "Open"}, {"status": "Covered"}, ["StatusChanged"]),
        ({"linehaul": {"amount": 2}}, {"linehaul": {"amount": 1}}, ["RateChanged"]),
        ({"customerRate": {"amount": 2}}, {}, ["RateChanged"]),
        ({"linehaul": {"amount": 1}}, {"linehaul": {"amount": 1.0}}, []),
        ({"payments": [{"id": "p1"}]}, {"payments": []}, ["PaymentRecorded"]),
        ({"notes": ["a", "b"]}, {"notes": ["a"]}, ["NotesChanged"]),
        ({"notes": []}, {"notes": None}, []),
        ({"orderNumber": None}, {}, []),
        ({"deliveredAt": "2026-09-17T11:00:00Z"}, {}, ["Delivered"]),
        ({"weight": {"value": 2}}, {"weight": {"value": 1}}, ["DimensionsChanged"]),
        ({"updatedAt": 2, "updatedBy": 2}, {"updatedAt": 1, "updatedBy": 1}, []),
        ({"etag": 2, "version": 2, "syncHash": 2}, {"etag": 1}, []),
        ({"stops": [stop("s1", status="B")]}, {"stops": [stop("s1", status="A")]}, []),
        ({"unheardOf": 2}, {"unheardOf": 1}, []),
        (
            {"orderNumber": "B", "status": "B", "poNumber": "B"},
            {"poNumber": "A", "status": "A", "orderNumber": "A"},
            ["StatusChanged", "FieldChanged", "FieldChanged"],
        ),
        (
            {"references": [{"id": "r1"}, {"id": "r2"}]},
            {"references": [{"id": "r2"}, {"id": "r1"}]},
            [],
        ),
        (
            {"customerAccessorialsDetails": [{"id": "a", "updatedAt": 2}]},
            {"customerAccessorialsDetails": [{"id": "a", "updatedAt": 1}]},
            [],
        ),
    ],
    ids=str,
)
def test_kinds_of_a_load(now, before, expected):
    found = of_load(now | {"loadNumber": "1"}, before | {"loadNumber": "1"})

    assert kinds(found) == expected


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ({"carrier": {"id": "c2"}}, {"carrier": {"id": "c1"}}, ["CarrierChanged"]),
        (
            {"carrier": {"id": "c1", "linehaul": {"amount": 2}}},
            {"carrier": {"id": "c1", "linehaul": {"amount": 1}}},
            ["CarrierRateChanged"],
        ),
        (
            {"driver2": {"id": "d2", "accessorialsDetails": []}},
            {"driver2": None},
            ["DriverChanged"],
        ),
        (
            {"driver1": {"accessorialsDetails": [{"id": "a2"}]}},
            {"driver1": {"accessorialsDetails": [{"id": "a1"}]}},
            ["DriverRatesChanged"],
        ),
        ({"truck": None}, {"truck": {"id": "t1"}}, ["TruckChanged"]),
        (
            {"carrierPayOnHold": True},
            {"carrierPayOnHold": False},
            ["CarrierPayOnHoldChanged"],
        ),
        ({"carrier": "c2"}, {"carrier": "c1"}, []),
        ({"orderNumber": "B"}, {"orderNumber": "A"}, []),
    ],
    ids=str,
)
def test_kinds_of_a_trip(now, before, expected):
    found = of_trip(now | {"tripNumber": "1"}, before | {"tripNumber": "1"})

    assert kinds(found) == expected


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ({"status": "Arrived"}, {"status": "Pending"}, ["StopStatusChanged"]),
        ({"arrivedAt": "T"}, {"arrivedAt": None}, ["ArrivalRecorded"]),
        ({"departedAt": "T"}, {}, ["DepartureRecorded"]),
        ({"appointmentConfirmed": True}, {}, ["AppointmentChanged"]),
        (
            {"stopWindow": {"end": "U"}},
            {"stopWindow": {"end": "T"}},
            ["ScheduleChanged"],
        ),
        ({"stopType": "Pickup"}, {"stopType": "Waypoint"}, ["StopTypeChanged"]),
        (
            {"address": {"city": "B"}},
            {"address": {"city": "A"}},
            ["StopAddressChanged"],
        ),
        ({"notes": ["B"]}, {"notes": ["A"]}, ["StopNotesChanged"]),
        ({"loadingType": "Drop"}, {"loadingType": "Live"}, ["StopInstructionsChanged"]),
        ({"updatedAt": 2}, {"updatedAt": 1}, []),
    ],
    ids=str,
)
def test_kinds_of_a_stop_are_told_with_its_id(now, before, expected):
    found = of_stop(now, before)

    assert found.changes == [targeted(kind, "s1") for kind in expected]


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        pytest.param("ab", "a", [targeted("StopAdded", "b")], id="added"),
        pytest.param("b", "ab", [targeted("StopRemoved", "a")], id="removed"),
        pytest.param("ba", "ab", [{"kind": "StopReordered"}], id="reordered"),
        pytest.param(
            "xab", "ab", [targeted("StopAdded", "x")], id="added before others"
        ),
        pytest.param(
            "cxb",
            "abc",
            [
                targeted("StopRemoved", "a"),
                targeted("StopAdded", "x"),
                {"kind": "StopReordered"},
            ],
            id="all at once",
        ),
    ],
)
def test_stops_come_go_and_move(now, before, expected):
    found = of_trip(
        {"stops": [stop(key) for key in now]}, {"stops": [stop(key) for key in before]}
    )

    assert found.changes == expected


@pytest.mark.parametrize("absent", [None, [], {}, "none"], ids=repr)
def test_the_first_stop_is_added_to_nothing(absent):
    found = of_trip({"stops": [stop("a")]}, {"tripNumber": "1", "stops": absent})

    assert found.changes == [targeted("StopAdded", "a")]


def test_a_stop_without_an_id_has_no_kind_but_its_former_value():
    found = of_trip({"stops": [{"status": "B"}]}, {"stops": [{"status": "A"}]})

    assert found.changes == []
    assert found.previous_attributes == {"stops": [{"status": "A"}]}


def test_of_stops_that_share_an_id_the_first_counts():
    found = of_trip(
        {"stops": [stop("a", status="B"), stop("a", status="C")]},
        {"stops": [stop("a", status="A"), stop("a", status="B")]},
    )
    unmoved = of_trip(
        {"stops": [stop("a", status="A"), stop("a", status="C")]},
        {"stops": [stop("a", status="A"), stop("a", status="B")]},
    )

    assert found.changes == [targeted("StopStatusChanged", "a")]
    assert unmoved.changes == []


def test_very_many_changes_are_told_by_their_kinds_alone():
    def stops(status, count):
        return {"stops": [stop(f"s{i}", status=status) for i in range(count)]}

    most = of_trip(stops("B", MAX_TARGETED), stops("A", MAX_TARGETED))
    more = of_trip(stops("B", MAX_TARGETED + 1), stops("A", MAX_TARGETED + 1))

    assert len(most.changes) == MAX_TARGETED
    assert most.changes[0] == targeted("StopStatusChanged", "s0")
    assert more.changes == [{"kind": "StopStatusChanged"}]


# Former values


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        pytest.param({"a": 1}, {"a": 1.0}, {}, id="equal numbers"),
        pytest.param({"a": None}, {"b": None}, {}, id="null and missing"),
        pytest.param({"a": True}, {"a": 1}, {"a": 1}, id="a truth became of a number"),
        pytest.param({"a": 2}, {}, {"a": None}, id="a member is new"),
        pytest.param({}, {"a": 1}, {"a": 1}, id="a member is gone"),
        pytest.param(
            {"a": {"x": 2, "y": 1}},
            {"a": {"x": 1, "y": 1}},
            {"a": {"x": 1, "y": 1}},
            id="an object is given whole",
        ),
        pytest.param({"a": [1, 2]}, {"a": [1]}, {"a": [1]}, id="other arrays, whole"),
        pytest.param({"a": []}, {"a": None}, {"a": None}, id="an array became of null"),
        pytest.param(
            {"a": [{"id": "1"}, {"id": "2"}]},
            {"a": [{"id": "1"}]},
            {"a": {"added": [{"id": "2"}]}},
            id="an added item by its id only",
        ),
        pytest.param(
            {"a": []},
            {"a": [{"id": "1", "x": 1}]},
            {"a": {"removed": [{"id": "1", "x": 1}]}},
            id="a removed item whole",
        ),
        pytest.param(
            {"a": [{"id": "1", "x": 2, "y": 1}]},
            {"a": [{"id": "1", "x": 1, "y": 1}]},
            {"a": {"changed": [{"id": "1", "x": 1}]}},
            id="a changed item by what differs",
        ),
        pytest.param(
            {"a": [{"id": "2"}, {"id": "1"}]},
            {"a": [{"id": "1"}, {"id": "2"}]},
            {"a": [{"id": "1"}, {"id": "2"}]},
            id="only another order, whole",
        ),
        pytest.param(
            {"a": [{"id": "1"}, {"x": 1}]},
            {"a": [{"id": "1"}]},
            {"a": [{"id": "1"}]},
            id="an item without an id, whole",
        ),
        pytest.param(
            {"a": [{"id": "1", "x": 2}, {"id": "1"}]},
            {"a": [{"id": "1", "x": 1}, {"id": "1"}]},
            {"a": [{"id": "1", "x": 1}, {"id": "1"}]},
            id="an id given twice, whole",
        ),
    ],
)
def test_former_values(now, before, expected):
    found = of_load(now | {"loadNumber": "1"}, before | {"loadNumber": "1"})

    assert found.previous_attributes == expected


# The two forms


def test_the_plain_form_holds_no_former_value():
    data, previous = {"load": {"status": "B"}}, {"load": {"status": "A"}}
    hint = {"changes": [{"kind": "StatusChanged"}]}

    assert forms(data, previous, rules=LOAD.diff_rules) == Forms(
        {"load": {"status": "B"}, "diff": hint},
        {
            "load": {"status": "B"},
            "diff": hint | {"previousAttributes": {"status": "A"}},
        },
    )


def test_an_unchanged_document_has_an_empty_diff_in_one_form():
    data = {"load": {"status": "A"}}

    made = forms(data, data, rules=LOAD.diff_rules)

    assert made == Forms({"load": {"status": "A"}, "diff": {"changes": []}})


def test_a_companion_write_changes_nothing_but_its_audit_fields():
    data, previous = {"load": {"updatedAt": 2}}, {"load": {"updatedAt": 1}}

    made = forms(data, previous, rules=LOAD.diff_rules)

    assert made.with_previous["diff"] == {
        "changes": [],
        "previousAttributes": {"updatedAt": 1},
    }


def test_what_was_before_may_be_the_bare_snapshot():
    data = {"load": {"status": "B"}}

    wrapped = forms(data, {"load": {"status": "A"}}, rules=LOAD.diff_rules)
    bare = forms(data, {"status": "A"}, rules=LOAD.diff_rules)

    assert bare == wrapped


@pytest.mark.parametrize(
    ("data", "previous"),
    [
        pytest.param({"load": {"id": "L1"}}, None, id="nothing said"),
        pytest.param({"load": {"id": "L1"}}, {}, id="created"),
        pytest.param({"load": {"id": "L1"}}, {"load": None}, id="created, as null"),
        pytest.param({"load": {"id": "L1"}}, {"load": {}}, id="created, as empty"),
        pytest.param({"load": {"id": "L1"}}, {"load": ["L1"]}, id="no object"),
        pytest.param({"load": None}, {"load": {"id": "L1"}}, id="could not be read"),
    ],
)
def test_there_is_no_diff_where_nothing_can_be_compared(data, previous):
    assert forms(data, previous, rules=LOAD.diff_rules) == Forms(data)


def test_other_event_types_are_left_alone():
    data = {"diff": {"previousAttributes": {"a": 1}}}

    assert forms(data, {"a": 1}, rules=None) == Forms(data)


def test_a_diff_that_the_publisher_made_is_split_too():
    data = {"load": {}, "diff": {"changes": [], "previousAttributes": {"a": 1}}}

    made = forms(data, None, rules=LOAD.diff_rules)

    assert made == Forms({"load": {}, "diff": {"changes": []}}, data)


def test_our_diff_replaces_the_one_that_the_publisher_made():
    told = {"changes": [], "previousAttributes": {"secret": 1}}
    data = {"load": {"status": "A"}, "diff": told}

    made = forms(data, {"load": {"status": "A"}}, rules=LOAD.diff_rules)

    assert made == Forms({"load": {"status": "A"}, "diff": {"changes": []}})


# Properties

leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
)
names = st.sampled_from(
    ["id", "status", "stops", "references", "carrier", "updatedAt", "poNumber", "x"]
)
ids = st.sampled_from(["a", "b", "c", "version"])
json_values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(names, inner, max_size=4)
        | st.lists(
            st.builds(
                lambda key, rest: rest | {"id": key},
                ids,
                st.dictionaries(names, inner, max_size=3),
            ),
            max_size=4,
            unique_by=lambda item: item["id"],
        )
    ),
    max_leaves=25,
)
snapshots = st.dictionaries(names, json_values, min_size=1, max_size=6)


def taken_back(now, told):
    """What a receiver does with previous attributes to see the record before."""
    return now | {name: _former(now.get(name), value) for name, value in told.items()}


def _former(now, told):
    if not (isinstance(told, dict) and isinstance(now, list)):
        return told
    if not (told and told.keys() <= {"removed", "changed", "added"}):
        return told
    gone = {item["id"] for item in told.get("added", ())}
    changed = {item["id"]: item for item in told.get("changed", ())}
    kept = [item for item in now if item["id"] not in gone]
    kept = [taken_back(item, changed.get(item["id"], {})) for item in kept]
    return kept + told.get("removed", [])


def settled(value):
    """Without nulls, and keyed items by their ids: what previous attributes promise."""
    if isinstance(value, dict):
        return {name: settled(held) for name, held in value.items() if held is not None}
    if not isinstance(value, list):
        return [type(value) is bool, value]
    ids = [item.get("id") for item in value if isinstance(item, dict)]
    if len(ids) == len(value) == len({key for key in ids if isinstance(key, str)}):
        value = sorted(value, key=lambda item: item["id"])
    return [settled(item) for item in value]


@settings(deadline=None)
@given(now=snapshots, before=snapshots)
def test_previous_attributes_lead_back_to_what_was_before(now, before):
    found = of_trip(now, before)

    assert settled(taken_back(now, found.previous_attributes)) == settled(before)


@settings(deadline=None)
@given(now=snapshots, before=snapshots)
def test_a_diff_reads_the_same_each_time_and_leaves_its_input_alone(now, before):
    kept = copy.deepcopy((now, before))

    first, second = of_trip(now, before), of_trip(*copy.deepcopy((now, before)))

    assert json.dumps([first.changes, first.previous_attributes]) == json.dumps(
        [second.changes, second.previous_attributes]
    )
    assert repr((now, before)) == repr(kept)


@settings(deadline=None)
@given(snapshot=snapshots)
def test_a_document_does_not_differ_from_itself(snapshot):
    found = of_trip(snapshot, copy.deepcopy(snapshot))

    assert (found.changes, found.previous_attributes) == ([], {})


@settings(deadline=None)
@given(
    data=st.dictionaries(names | st.just("trip"), json_values),
    previous=st.none() | st.dictionaries(names | st.just("trip"), json_values),
)
def test_any_document_is_taken_and_told_in_the_form_of_its_schema(data, previous):
    made = forms(data, previous, rules=TRIP.diff_rules)

    for form in (made.plain, made.with_previous or made.plain):
        told = form.get("diff", {"changes": []})
        errors = Draft202012Validator(
            TRIP.schema["properties"]["diff"] | {"$defs": TRIP.schema["$defs"]}
        ).iter_errors(told)
        assert list(errors) == []
        assert all(re.fullmatch("[A-Za-z]+", each["kind"]) for each in told["changes"])


# Hostile documents


def test_collections_in_collections_beyond_the_recursion_limit_are_told():
    def nested(innermost):
        items = [stop("a", x=innermost)]
        for _ in range(5_000):
            items = [stop("a", stops=items)]
        return {"stops": items}

    found = of_trip(nested(2), nested(1))

    told = found.previous_attributes["stops"]
    for _ in range(7):
        told = told["changed"][0]["stops"]
    assert isinstance(told["changed"][0]["stops"], list)


def test_the_work_grows_with_the_document_and_not_with_its_square():
    def trip(count, status):
        keyed = [stop(f"s{i}", status=status) for i in range(count)]
        return {
            "stops": keyed[::-1] if status == "B" else keyed,
            "notes": [status] * count,
        }

    def seconds(count):
        now, before = trip(count, "B"), trip(count, "A")
        started = time.process_time()
        of_trip(now, before)
        return time.process_time() - started

    seconds(1_000)
    assert seconds(16_000) < 40 * min(seconds(2_000) for _ in range(3))


# Each kind, by each field that leads to it


def standing_at(path, value):
    for name in reversed(path):
        value = {name: value}
    return value


def by_field(kinds_of_rules):
    return [(kind, path) for kind, paths in kinds_of_rules for path in paths]


@pytest.mark.parametrize(("kind", "path"), by_field(LOAD.diff_rules.kinds), ids=str)
def test_each_field_of_a_load_leads_to_its_kind_alone(kind, path):
    before, now = (standing_at(path, value) for value in ("before", "now"))

    assert of_load({"id": "L"} | now, {"id": "L"} | before).changes == [{"kind": kind}]


@pytest.mark.parametrize(("kind", "path"), by_field(TRIP.diff_rules.kinds), ids=str)
def test_each_field_of_a_trip_leads_to_its_kind_alone(kind, path):
    before, now = (standing_at(path, value) for value in ("before", "now"))

    assert of_trip({"id": "T"} | now, {"id": "T"} | before).changes == [{"kind": kind}]


[STOPS] = TRIP.diff_rules.collections


@pytest.mark.parametrize(("kind", "path"), by_field(STOPS.kinds), ids=str)
def test_each_field_of_a_stop_leads_to_its_kind_at_that_stop_alone(kind, path):
    before, now = (standing_at(path, value) for value in ("before", "now"))
    other = stop("s2", **before)

    found = of_trip(
        {"stops": [stop("s1", **now), other]}, {"stops": [stop("s1", **before), other]}
    )

    assert found.changes == [targeted(kind, "s1")]


@pytest.mark.parametrize(("name", "known_as"), LOAD.diff_rules.fields)
def test_each_allowed_field_is_told_by_its_name(name, known_as):
    found = of_load({"id": "L", name: "now"}, {"id": "L", name: "before"})

    assert found.changes == [targeted("FieldChanged", known_as, target="Field")]
