"""A body that is too large is sent without its snapshot; nothing is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from deliveries.facts import MAX_BODY
from deliveries.filter_previews import preview_filter
from deliveries.models import Delivery, Event
from deliveries.publishing import publish_batch
from subscriptions.models import Subsidiary
from tests.builders import make_webhook, publish_sample, sample_of
from tests.integration.test_publishing import fact

LARGE = "x" * MAX_BODY
TYPE = "load.status.changed"
MOMENT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def load(**members):
    return sample_of("load.changed")["load"] | members


def status_changed(note):
    data = sample_of(TYPE)
    data["load"] = load(notes=[note])
    return data


def stored():
    event = Event.objects.get()
    return event, json.loads(event.body)


def test_ids_and_statuses_stay_and_the_snapshot_is_null(acme):
    data = status_changed(LARGE)

    publish_sample(acme, TYPE, data=data)

    event, body = stored()
    assert body["data"] == data | {"load": None}
    assert len(event.body) <= MAX_BODY
    assert json.loads(event.whole)["data"] == data
    assert {**json.loads(event.whole), "data": 0} == {**body, "data": 0}


@pytest.mark.parametrize(("extra", "is_whole"), [(0, True), (1, False)])
def test_what_is_exactly_as_large_as_allowed_is_sent(acme, extra, is_whole):
    publish_sample(acme, TYPE, id="e-1", timestamp=MOMENT, data=status_changed(""))
    room = MAX_BODY - len(Event.objects.get().body)

    note = "x" * (room + extra)
    publish_sample(acme, TYPE, id="e-2", timestamp=MOMENT, data=status_changed(note))

    event = Event.objects.get(public_id="e-2")
    assert len(event.whole) == MAX_BODY + extra
    assert (event.full_body is None) is is_whole
    assert (json.loads(event.body)["data"]["load"] is not None) is is_whole


def test_both_forms_of_a_change_are_cut_by_their_own_size(acme):
    half = "x" * (MAX_BODY // 2 + 1000)
    now, before = load(notes=[half]), load(notes=[half[::-1] + "y"])

    publish_sample(acme, "load.changed", data={"load": now}, previous=before)

    event, body = stored()
    with_previous = json.loads(event.body_with_previous)
    changes = [{"kind": "NotesChanged"}]
    assert body["data"] == {"load": now, "diff": {"changes": changes}}
    assert event.full_body is None
    assert with_previous["data"] == {
        "load": None,
        "diff": {"changes": changes, "previousAttributes": {"notes": before["notes"]}},
    }


def test_former_values_that_are_too_large_by_themselves_are_left_out(acme):
    now, before = load(notes=["short"]), load(notes=[LARGE])

    publish_sample(acme, "load.changed", data={"load": now}, previous=before)

    event, body = stored()
    assert event.body_with_previous is None
    assert body["data"]["load"] == now


def test_a_large_body_without_a_snapshot_is_sent_as_it_is(acme):
    data = sample_of("tender.stop.arrived") | {"reason": LARGE}

    publish_sample(acme, "tender.stop.arrived", data=data)

    event, body = stored()
    assert body["data"] == data
    assert event.full_body is None


def test_in_a_batch_each_body_is_looked_at(acme):
    facts = [
        fact(acme, type=TYPE, data=status_changed(note))
        for note in ("short", LARGE, "short")
    ]

    publish_batch(facts)

    sent = [json.loads(each.body) for each in Event.objects.order_by("pk")]
    assert [body["data"]["load"] is None for body in sent] == [False, True, False]


def test_a_filter_sees_the_whole(acme):
    wanted = {"data.load.notes": [LARGE]}
    events = [TYPE]
    make_webhook(acme, events=events, filter=wanted)

    publication = publish_sample(acme, *events, data=status_changed(LARGE))

    assert publication.deliveries == 1
    subsidiary = Subsidiary.objects.get(tenant=acme)
    assert preview_filter(subsidiary, wanted, events=events) == (1, 1)


@pytest.mark.parametrize("includes", [True, False])
def test_the_receiver_gets_what_is_stored(acme, receiver, drain, includes):
    make_webhook(
        acme,
        url=receiver.url(),
        events=["load.changed"],
        include_previous_attributes=includes,
    )
    now, before = load(notes=[LARGE]), load(poNumber="other")

    publish_sample(acme, "load.changed", data={"load": now}, previous={"load": before})
    drain()

    [request] = receiver.events
    event = Event.objects.get()
    assert request.body == event.body_for(Delivery.objects.get().webhook)
    assert request.json["data"]["load"] is None
    assert ("previousAttributes" in request.json["data"]["diff"]) is includes
