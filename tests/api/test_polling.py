"""Reading events over HTTP."""

from __future__ import annotations

import json

import pytest

from deliveries.models import Delivery
from tests.builders import make_attempt, make_delivery, make_event, make_webhook
from tests.horizon import wait_for_horizon

# On PostgreSQL an event can be polled when nothing older may still be committed.
pytestmark = pytest.mark.django_db(transaction=True)

State = Delivery.State


def read(api, **query):
    wait_for_horizon()
    response = api.get("/events", **query)
    assert response.status_code == 200, response.content
    return response.json()


def ids(page):
    return [item["id"] for item in page["Items"]]


def test_a_page_holds_the_payloads_as_they_are_sent(api, acme):
    event = make_event(acme, body=b'{"id":"e-1","data":{"rate":1.10,"big":10e400}}')

    wait_for_horizon()

    response = api.get("/events")

    assert response["Content-Type"] == "application/json"
    assert b'{"Items":[%b],"NextCursor"' % event.body in response.content
    page = response.json()
    assert page.keys() == {"Items", "NextCursor", "HasMore"}
    assert page["HasMore"] is False


def test_pages_follow_each_other(api, acme):
    events = [make_event(acme).public_id for _ in range(3)]

    first = read(api, Limit=2)
    second = read(api, Limit=2, Cursor=first["NextCursor"])
    later = make_event(acme).public_id
    third = read(api, Limit=2, Cursor=second["NextCursor"])

    assert [ids(page) for page in (first, second, third)] == [
        events[:2],
        events[2:],
        [later],
    ]
    assert [page["HasMore"] for page in (first, second, third)] == [True, False, False]


def test_fifty_come_unless_another_number_is_asked_for(api, acme):
    for _ in range(51):
        make_event(acme)

    assert [len(read(api, **query)["Items"]) for query in ({}, {"Limit": "100"})] == [
        50,
        51,
    ]


def test_types_can_be_repeated_and_entities_named(api, acme):
    load = make_event(acme, type="load.changed", entity_id="E-1").public_id
    trip = make_event(acme, type="trip.changed").public_id
    make_event(acme)

    assert ids(read(api, Type=["load.changed", "trip.changed"])) == [load, trip]
    assert ids(read(api, EntityId="E-1")) == [load]


def test_since_takes_a_time_or_a_date(api, acme):
    event = make_event(acme).public_id

    assert ids(read(api, Since="2026-01-01")) == [event]
    assert ids(read(api, Since="0001-01-01")) == [event]
    assert ids(read(api, Since="2999-01-01T00:00:00+02:00")) == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"Limit": "0"}, "This must be a whole number from 1 to 100."),
        ({"Limit": "101"}, "This must be a whole number from 1 to 100."),
        ({"Limit": "5.0"}, "This must be a whole number from 1 to 100."),
        ({"Limit": "\u0665"}, "This must be a whole number from 1 to 100."),
        (
            {"Cursor": "made-up"},
            "This is not a cursor of yours. Leave it out to begin anew.",
        ),
        ({"Cursor": "a\0b"}, "Null characters are not allowed."),
        ({"EntityId": "a\0b"}, "Null characters are not allowed."),
        ({"Type": "a\0b"}, "Null characters are not allowed."),
        (
            {"Since": "soon"},
            "This must be a time with its offset, or a date: 2026-11-21T08:30:00Z.",
        ),
        ({"Type": ["t"] * 51}, "At most 50 types can be named."),
        ({"CompanyCode": "GLOBEX"}, "There is no company 'GLOBEX'."),
    ],
)
def test_a_bad_parameter_is_named(api, globex, errors_of, query, sentence):
    [name] = query

    assert errors_of(api.get("/events", **query)) == {name: [sentence]}


def test_the_platform_names_the_tenant(platform_api, acme, globex, errors_of):
    event = make_event(acme).public_id
    make_event(globex)

    assert ids(read(platform_api, CompanyCode="ACME")) == [event]
    assert errors_of(platform_api.get("/events")) == {
        "CompanyCode": ["This field is required."]
    }
    for code in ("ACMF", "a\0b"):
        assert errors_of(platform_api.get("/events", CompanyCode=code)) == {
            "CompanyCode": [f"There is no company {code!r}."]
        }


def test_an_event_shows_how_it_fares_everywhere(api, acme, webhook):
    event = make_event(acme, entity_type="Load", entity_id="L-1")
    sent = make_delivery(
        webhook, event=event, state=State.SUCCEEDED, attempts_made=2, claim_number=2
    )
    make_attempt(sent)
    last = make_attempt(sent)
    other = make_webhook(acme)
    waiting = make_delivery(other, event=event)

    shown = api.get(f"/events/{event.public_id}").json()

    assert shown["Payload"] == json.loads(event.body)
    assert (shown["Id"], shown["Type"]) == (event.public_id, "tender.created")
    assert (shown["SubsidiaryId"], shown["EntityType"], shown["EntityId"]) == (
        "MAIN",
        "Load",
        "L-1",
    )
    pending, delivered = shown["Deliveries"]
    assert pending["DeliveryId"] == waiting.public_id
    assert pending["WebhookId"] == other.public_id
    assert (pending["Status"], pending["Attempts"]) == ("pending", 0)
    assert pending["LastAttemptAt"] is None
    assert pending["NextAttemptAt"] == as_shown(waiting.due_at)
    assert (delivered["Status"], delivered["Attempts"]) == ("success", 2)
    assert delivered["LastAttemptAt"] == as_shown(last.started_at)
    assert delivered["NextAttemptAt"] is None
    assert (delivered["IsReplay"], delivered["EndedAt"]) == (
        False,
        as_shown(sent.ended_at),
    )


def as_shown(moment):
    return moment.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (State.WAITING, "pending"),
        (State.FAILED, "failed"),
        (State.SKIPPED, "skipped"),
    ],
)
def test_a_state_is_told_in_the_words_of_the_log(api, webhook, state, status):
    delivery = make_delivery(webhook, state=state)

    shown = api.get(f"/events/{delivery.event.public_id}").json()

    assert [each["Status"] for each in shown["Deliveries"]] == [status]


def test_the_number_of_deliveries_costs_no_query(api, acme, django_assert_num_queries):
    event = make_event(acme)
    for _ in range(5):
        make_attempt(make_delivery(make_webhook(acme), event=event))

    # The token, the event, its deliveries.
    with django_assert_num_queries(3):
        api.get(f"/events/{event.public_id}")


def test_a_page_costs_three_queries(api, acme, django_assert_num_queries):
    for _ in range(5):
        make_event(acme)

    # The token, how far can be read, the page.
    with django_assert_num_queries(3):
        api.get("/events")


def test_the_scope_is_needed(program, acme, refused):
    event = make_event(acme)
    writer = program(acme, scopes=["events:write"])

    for path in ("/events", f"/events/{event.public_id}"):
        problem = refused(writer.get(path), 403)
        assert problem["Detail"] == "The access token lacks the scope events:read."


def test_globex_sees_nothing(api, globex_api, acme, refused, errors_of):
    event = make_event(acme)
    cursor = read(api)["NextCursor"]

    assert read(globex_api)["Items"] == []
    assert errors_of(globex_api.get("/events", Cursor=cursor)).keys() == {"Cursor"}
    for unknown in (event.public_id, "evt_unknown", "%00"):
        problem = refused(globex_api.get(f"/events/{unknown}"), 404)
        assert problem["Detail"] == "There is no such event."
