"""A write to a load or a trip, told as the profile tells it."""

from __future__ import annotations

import json

import pytest

from deliveries.entity_changes import UnknownEntity
from deliveries.facts import InvalidData, InvalidEventId
from deliveries.models import Delivery, Event
from deliveries.publishing import publish_change
from subscriptions.models import Subsidiary
from tests.builders import make_webhook, sample_of

both_entities = pytest.mark.parametrize("entity", ["load", "trip"])


def snapshot(entity, **overrides):
    return sample_of(f"{entity}.changed")[entity] | overrides


def write(tenant, entity, data, previous=None, **rest):
    subsidiary = Subsidiary.objects.get(tenant=tenant)
    return publish_change(
        tenant=tenant,
        subsidiary=subsidiary,
        entity=entity,
        data=data,
        previous=previous,
        **rest,
    )


def told():
    events = Event.objects.order_by("pk")
    return {event.type: json.loads(event.body) for event in events}


@both_entities
def test_a_real_transition_is_told_twice_with_one_id_and_two_suffixes(acme, entity):
    now, before = snapshot(entity, status="Covered"), snapshot(entity, status="Open")

    write(acme, entity, now, before)

    bodies = told()
    assert list(bodies) == [f"{entity}.changed", f"{entity}.status.changed"]
    changed, status = bodies.values()
    assert changed["id"].removesuffix("-0") == status["id"].removesuffix("-1")
    assert changed["id"].startswith(f"{now['id']}-")
    assert changed["id"].endswith("-0")
    assert changed["data"] == {
        entity: now,
        "diff": {"changes": [{"kind": "StatusChanged"}]},
    }
    assert status["data"] == {
        "previousStatus": "Open",
        "status": "Covered",
        entity: now,
    }


@both_entities
def test_the_entity_orders_its_events(acme, entity):
    make_webhook(acme, events=[f"{entity}.changed", f"{entity}.status.changed"])
    now = snapshot(entity, status="Covered")

    write(acme, entity, now, snapshot(entity, status="Open"))

    kinds = Event.objects.values_list("entity_type", "entity_id")
    assert set(kinds) == {(entity.capitalize(), now["id"])}
    assert set(Delivery.objects.values_list("order_key", flat=True)) == {now["id"]}


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ({"status": "Open"}, {"status": "Open", "poNumber": "other"}),
        ({"status": "Open"}, {"status": None}),
        ({"status": "Open"}, None),
    ],
)
def test_what_is_no_transition_is_a_change_and_no_more(acme, now, before):
    former = before and snapshot("load", **before)

    write(acme, "load", snapshot("load", **now), former)

    assert list(told()) == ["load.changed"]


def test_on_create_there_is_no_diff(acme):
    write(acme, "trip", snapshot("trip"))

    assert list(told()["trip.changed"]["data"]) == ["trip"]


def test_a_companion_write_has_no_changes_but_former_values(acme):
    now = snapshot("load", updatedAt="2026-09-16T14:30:00Z")

    write(acme, "load", now, snapshot("load", updatedAt="2026-09-16T14:26:11Z"))

    event = Event.objects.get()
    assert json.loads(event.body)["data"]["diff"] == {"changes": []}
    assert json.loads(event.body_with_previous)["data"]["diff"] == {
        "changes": [],
        "previousAttributes": {"updatedAt": "2026-09-16T14:26:11Z"},
    }


def test_snapshots_may_stand_in_the_data_of_events(acme):
    now, before = snapshot("load", status="Covered"), snapshot("load", status="Open")

    write(acme, "load", {"load": now}, {"load": before})

    assert told()["load.changed"]["data"]["load"] == now
    assert told()["load.status.changed"]["data"]["previousStatus"] == "Open"


def test_the_same_write_is_published_once(acme):
    make_webhook(acme, events=["load.changed", "load.status.changed"])
    now, before = snapshot("load", status="Covered"), snapshot("load", status="Open")

    first = write(acme, "load", now, before, write_id="w-7")
    again = write(acme, "load", now, before, write_id="w-7")

    assert [each.is_new for each in first + again] == [True, True, False, False]
    assert [each.event.public_id for each in again] == [
        f"{now['id']}-w-7-0",
        f"{now['id']}-w-7-1",
    ]
    assert Delivery.objects.count() == 2


def test_two_writes_alike_are_two(acme):
    for _ in range(2):
        write(acme, "load", snapshot("load"), snapshot("load"))

    assert Event.objects.count() == 2


@pytest.mark.parametrize(
    ("entity", "data", "rest", "refusal"),
    [
        ("tender", {"id": "T-1"}, {}, UnknownEntity),
        ("load", {"id": "L-1", "loadNumber": 5}, {}, InvalidData),
        ("load", {"loadNumber": "1"}, {}, InvalidEventId),
        ("load", {"id": "L-1"}, {"write_id": "not one"}, InvalidEventId),
    ],
)
def test_a_write_is_refused_whole(acme, entity, data, rest, refusal):
    with pytest.raises(refusal):
        write(acme, entity, data, {"id": "L-1", "status": "Open"}, **rest)

    assert not Event.objects.exists()


def test_an_unknown_entity_is_named(acme):
    with pytest.raises(UnknownEntity) as refusal:
        write(acme, "tender", {"id": "T-1"})

    assert str(refusal.value) == "The profile alvys tells of no changes of a 'tender'."


def test_a_bad_status_leaves_no_change_behind(acme):
    now = snapshot("load", status=5)

    with pytest.raises(InvalidData):
        write(acme, "load", now, snapshot("load", status="Open"))

    assert not Event.objects.exists()


def test_globex_hears_nothing_of_it(acme, globex):
    make_webhook(globex, events=["load.changed"])

    [publication] = write(acme, "load", snapshot("load"))

    assert publication.deliveries == 0
