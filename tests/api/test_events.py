"""Publish events, one or a batch: what is taken, what is refused, whose they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from deliveries.models import Delivery, Event
from subscriptions.models import Subsidiary
from tests.builders import make_tenant, make_webhook

REQUIRED = "This field is required."
NO_OBJECT = "This must be an object."
NO_TEXT = "Not a valid string."
NO_TIME = "This must be a time with its offset, such as 2026-11-21T08:30:00Z."
NO_ID = "This must be 1 to 128 letters, digits, '_', ':', '.' or '-'."


def fact(**overrides):
    wanted = {
        "Type": "tender.created",
        "SubsidiaryId": "MAIN",
        "Data": {"tenderId": "T-1"},
    } | overrides
    return {name: value for name, value in wanted.items() if value is not ...}


def batch(*facts):
    return {"Events": list(facts)}


@pytest.fixture
def errors(refused):
    """Assert that publishing was refused and that nothing was stored."""

    def check(response):
        problem = refused(response, 400)
        assert not Event.objects.exists()
        assert not Delivery.objects.exists()
        return problem["Errors"]

    return check


def test_an_event_is_stored_with_its_deliveries(api, webhook, acme):
    make_webhook(acme, events=["load.changed"])

    response = api.post("/events", fact(Id="evt-1", Timestamp="2026-11-20T13:00:00Z"))

    assert response.status_code == 202
    assert response.json() == {
        "Id": "evt-1",
        "Type": "tender.created",
        "Timestamp": "2026-11-20T13:00:00Z",
        "Deliveries": 1,
    }
    assert Delivery.objects.get().webhook == webhook
    assert json.loads(Event.objects.get().body)["data"] == {"tenderId": "T-1"}


@pytest.mark.parametrize("path", ["/events", "/events/batch"])
def test_the_trace_of_the_request_is_kept(api, acme, path):
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    body = fact() if path == "/events" else batch(fact())

    response = api.post(path, body, traceparent=traceparent)

    assert response.status_code == 202
    assert Event.objects.get().traceparent == traceparent


def test_a_trace_that_is_not_well_formed_is_no_reason_to_refuse(api, acme):
    response = api.post("/events", fact(), traceparent="00-mine-1-01")

    assert response.status_code == 202
    assert Event.objects.get().traceparent == ""


def test_every_field_is_kept(api, acme):
    api.post(
        "/events",
        fact(
            Id="a.B:c_d-1",
            Timestamp="2026-11-20T14:00:00.25+01:00",
            EntityType="tender",
            EntityId=" T-1 ",
            CompanyCode="ACME",
        ),
    )

    event = Event.objects.get()
    assert (event.tenant, event.subsidiary.code) == (acme, "MAIN")
    assert event.public_id == "a.B:c_d-1"
    assert event.occurred_at == datetime(2026, 11, 20, 13, 0, 0, 250_000, tzinfo=UTC)
    assert (event.entity_type, event.entity_id) == ("tender", " T-1 ")


def test_what_may_be_left_out_may_be_null(api, acme):
    optional = ("Id", "Timestamp", "EntityType", "EntityId", "Previous", "CompanyCode")

    response = api.post("/events", fact(**dict.fromkeys(optional)))

    event = Event.objects.get()
    assert response.status_code == 202
    assert response.json()["Id"] == event.public_id
    assert event.public_id.startswith("evt_")
    assert (event.entity_type, event.entity_id) == ("", "")


def test_previous_attributes_reach_the_event(api, acme):
    load = {"id": "L-1", "loadNumber": "1", "status": "Open"}
    changed = load | {"status": "Covered"}

    response = api.post(
        "/events",
        fact(Type="load.changed", Data={"load": changed}, Previous={"load": load}),
    )

    assert response.status_code == 202, response.content
    assert b"previousAttributes" in bytes(Event.objects.get().body_with_previous)


def test_the_same_id_again_answers_with_the_first_event(api, webhook):
    first = api.post("/events", fact(Id="evt-1"))
    second = api.post("/events", fact(Id="evt-1", Data={"tenderId": "T-2"}))

    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json() == first.json()
    assert Delivery.objects.count() == 1
    assert json.loads(Event.objects.get().body)["data"] == {"tenderId": "T-1"}


BAD_FIELDS = [
    ({"Type": ...}, {"Type": [REQUIRED]}),
    ({"Type": None}, {"Type": ["This field may not be null."]}),
    ({"Type": ""}, {"Type": ["This field may not be blank."]}),
    ({"Type": 7}, {"Type": [NO_TEXT]}),
    ({"Type": "no.such"}, {"Type": ["Unknown event type: no.such."]}),
    ({"SubsidiaryId": ...}, {"SubsidiaryId": [REQUIRED]}),
    ({"SubsidiaryId": ["MAIN"]}, {"SubsidiaryId": [NO_TEXT]}),
    ({"SubsidiaryId": "X"}, {"SubsidiaryId": ["The tenant has no subsidiary 'X'."]}),
    ({"Data": ...}, {"Data": [REQUIRED]}),
    ({"Data": []}, {"Data": [NO_OBJECT]}),
    ({"Data": "{}"}, {"Data": [NO_OBJECT]}),
    ({"Data": {}}, {"Data": ['$: "tenderId" is a required property']}),
    ({"Data": {"tenderId": 7}}, {"Data": ['$.tenderId: 7 is not of type "string"']}),
    ({"Previous": [1]}, {"Previous": [NO_OBJECT]}),
    ({"Id": ""}, {"Id": ["This field may not be blank."]}),
    ({"Id": "a b"}, {"Id": [NO_ID]}),
    ({"Id": "a\n"}, {"Id": [NO_ID]}),
    ({"Id": "a" * 129}, {"Id": [NO_ID]}),
    ({"Id": "é"}, {"Id": [NO_ID]}),
    ({"Id": 5}, {"Id": [NO_TEXT]}),
    ({"Timestamp": "2026-11-20"}, {"Timestamp": [NO_TIME]}),
    ({"Timestamp": "2026-11-20T12:00:00"}, {"Timestamp": [NO_TIME]}),
    ({"Timestamp": "2026-13-20T12:00:00Z"}, {"Timestamp": [NO_TIME]}),
    ({"Timestamp": "2026-11-20T12:00:60Z"}, {"Timestamp": [NO_TIME]}),
    ({"Timestamp": "20261120T120000Z"}, {"Timestamp": [NO_TIME]}),
    ({"Timestamp": "0001-01-01T00:00:00+01:00"}, {"Timestamp": [NO_TIME]}),
    ({"Timestamp": "9999-12-31T23:59:59-01:00"}, {"Timestamp": [NO_TIME]}),
    ({"Timestamp": 1763640000}, {"Timestamp": [NO_TIME]}),
    (
        {"EntityType": "x" * 101},
        {"EntityType": ["Ensure this field has no more than 100 characters."]},
    ),
    (
        {"EntityId": "x" * 201},
        {"EntityId": ["Ensure this field has no more than 200 characters."]},
    ),
    ({"EntityId": 12}, {"EntityId": [NO_TEXT]}),
    ({"CompanyCode": "NOBODY"}, {"CompanyCode": ["There is no company 'NOBODY'."]}),
    ({"Colour": "red"}, {"Colour": ["This field is unknown here."]}),
    (
        {"Colour": "red", "Data": 1},
        {"Colour": ["This field is unknown here."], "Data": [NO_OBJECT]},
    ),
]


@pytest.mark.parametrize(("overrides", "expected"), BAD_FIELDS)
def test_a_bad_field_is_named(api, webhook, errors, overrides, expected):
    assert errors(api.post("/events", fact(**overrides))) == expected


@pytest.mark.parametrize(("overrides", "expected"), BAD_FIELDS)
def test_a_bad_field_in_a_batch_is_named_with_its_place(
    api, webhook, errors, overrides, expected
):
    response = api.post("/events/batch", batch(fact(), fact(**overrides), fact()))

    placed = {f"Events[1].{name}": found for name, found in expected.items()}
    assert errors(response) == placed


@pytest.mark.parametrize("moment", ["2026-11-20t12:00:00z", "2026-11-20 12:00:00.1234567+00:00"])  # fmt: skip
def test_rfc_3339_leaves_some_choice(api, acme, moment):
    assert api.post("/events", fact(Timestamp=moment)).status_code == 202


def test_a_batch_is_published_in_its_order(api, webhook):
    facts = [fact(Id=f"evt-{i}", EntityId="T-1") for i in range(5)]

    response = api.post("/events/batch", batch(*facts))

    assert response.status_code == 202
    items = response.json()["Items"]
    assert [item["Id"] for item in items] == [f"evt-{i}" for i in range(5)]
    assert [item["Deliveries"] for item in items] == [1] * 5
    assert items[0].keys() == {"Id", "Type", "Timestamp", "Deliveries"}
    ids = Delivery.objects.order_by("id").values_list("event__public_id", flat=True)
    assert list(ids) == [f"evt-{i}" for i in range(5)]


def test_a_repeat_inside_a_batch_is_sent_once(api, webhook):
    api.post("/events", fact(Id="evt-1"))

    response = api.post(
        "/events/batch", batch(fact(Id="evt-1"), fact(Id="evt-2"), fact(Id="evt-2"))
    )

    ids = [item["Id"] for item in response.json()["Items"]]
    assert ids == ["evt-1", "evt-2", "evt-2"]
    assert Event.objects.count() == Delivery.objects.count() == 2


def test_all_that_is_wrong_with_a_batch_is_said_at_once(api, acme, errors):
    response = api.post(
        "/events/batch", batch(fact(Type=...), fact(), 7, None, fact(Data=[], Id="!"))
    )

    assert errors(response) == {
        "Events[0].Type": [REQUIRED],
        "Events[2]": [NO_OBJECT],
        "Events[3]": ["This field may not be null."],
        "Events[4].Data": [NO_OBJECT],
        "Events[4].Id": [NO_ID],
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"Events": [REQUIRED]}),
        ({"Events": []}, {"Events": ["This list may not be empty."]}),
        ({"Events": {}}, {"Events": ['Expected a list of items but got type "dict".']}),
        ({"Events": None}, {"Events": ["This field may not be null."]}),
        (
            {"Events": [1] * 1001},
            {"Events": ["Ensure this field has no more than 1000 elements."]},
        ),
        (
            {"Events": [1], "More": 1},
            {"Events[0]": [NO_OBJECT], "More": ["This field is unknown here."]},
        ),
    ],
)
def test_a_batch_is_a_list_of_1_to_1000_events(api, acme, errors, body, expected):
    assert errors(api.post("/events/batch", body)) == expected


def test_a_batch_may_be_larger_than_other_bodies(api, acme, refused):
    note = "x" * 300_000

    response = api.post(
        "/events/batch", batch(fact(Data={"tenderId": "T-1", "note": note}))
    )

    assert response.status_code == 202
    assert len(Event.objects.get().body) > 300_000
    too_large = batch(fact(Data={"tenderId": "T-1", "note": note * 28}))
    refused(api.post("/events/batch", too_large), 413)
    refused(api.post("/events", fact(Data={"tenderId": "T-1", "note": note})), 413)
    assert Event.objects.count() == 1


def test_the_platform_says_whose_event_it_is(platform_api, webhook, globex):
    other = make_webhook(globex)

    response = platform_api.post(
        "/events/batch",
        batch(fact(CompanyCode="GLOBEX", Id="x"), fact(CompanyCode="ACME", Id="x")),
    )

    assert response.status_code == 202
    pairs = Delivery.objects.order_by("id").values_list("event__tenant", "webhook")
    assert list(pairs) == [
        (globex.pk, other.pk),
        (webhook.tenant_id, webhook.pk),
    ]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, {"CompanyCode": [REQUIRED]}),
        ({"CompanyCode": "acme"}, {"CompanyCode": ["There is no company 'acme'."]}),
        (
            {"CompanyCode": "ACME", "SubsidiaryId": "WEST"},
            {"SubsidiaryId": ["The tenant has no subsidiary 'WEST'."]},
        ),
    ],
)
def test_the_platform_must_name_an_existing_owner(
    platform_api, acme, globex, errors, overrides, expected
):
    Subsidiary.objects.create(tenant=globex, code="WEST", name="West")

    assert errors(platform_api.post("/events", fact(**overrides))) == expected


def test_an_event_takes_few_queries(
    api, webhook, in_statements, django_assert_num_queries
):
    # The token, the subsidiary, who wants it.
    with django_assert_num_queries(3 + in_statements):
        assert api.post("/events", fact()).status_code == 202


@pytest.mark.parametrize("events", [1, 20])
def test_a_batch_takes_the_same_queries_however_long(
    platform_api, webhook, globex, in_statements, django_assert_num_queries, events
):
    # More rows than these would go into SQLite in several statements.
    make_webhook(globex)
    facts = [fact(CompanyCode=code) for code in ("ACME", "GLOBEX")] * events

    with django_assert_num_queries(4 + in_statements):
        assert platform_api.post("/events/batch", batch(*facts)).status_code == 202


@pytest.mark.parametrize("events", [1, 20])
def test_a_batch_sent_again_takes_the_same_queries_however_long(
    api, webhook, django_assert_num_queries, events
):
    facts = batch(*[fact(Id=f"evt-{i}") for i in range(events)])
    first = api.post("/events/batch", facts)

    # The token, the subsidiary, who wants them, none inserted; what was, its deliveries.
    with django_assert_num_queries(6):
        second = api.post("/events/batch", facts)

    assert second.json() == first.json()


def test_publishing_needs_its_scope(program, acme, refused):
    reader = program(acme, scopes=["events:read"])

    for path, body in (("/events", fact()), ("/events/batch", batch(fact()))):
        problem = refused(reader.post(path, body), 403)
        assert problem["Detail"] == "The access token lacks the scope events:write."
    assert not Event.objects.exists()


@pytest.mark.parametrize("path", ["/events", "/events/batch"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_events_are_not_changed(api, refused, path, method):
    refused(api.send(method, path), 405)


def test_globex_cannot_publish_for_acme_nor_tell_that_it_exists(
    globex_api, acme, webhook, errors
):
    Subsidiary.objects.create(tenant=acme, code="WEST", name="West")

    foreign = errors(globex_api.post("/events", fact(CompanyCode="ACME")))
    unknown = errors(globex_api.post("/events", fact(CompanyCode="ACMF")))
    subsidiary = errors(globex_api.post("/events", fact(SubsidiaryId="WEST")))

    assert foreign == {"CompanyCode": ["There is no company 'ACME'."]}
    assert unknown == {"CompanyCode": ["There is no company 'ACMF'."]}
    assert subsidiary == {"SubsidiaryId": ["The tenant has no subsidiary 'WEST'."]}


def test_an_id_of_globex_is_free_for_acme(api, globex_api, webhook, globex):
    make_tenant("OTHER")
    globex_api.post("/events", fact(Id="evt-1"))

    response = api.post("/events", fact(Id="evt-1"))

    assert response.status_code == 202
    assert Event.objects.filter(public_id="evt-1").count() == 2
