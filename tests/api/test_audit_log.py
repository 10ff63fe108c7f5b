"""The audit log over HTTP: pages, filters, export."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from subscriptions.models import AuditEvent
from tests.builders import make_webhook

DAY = datetime(2025, 11, 20, tzinfo=UTC)


def make_audit_event(tenant, **overrides):
    fields = {
        "action": "webhook.updated",
        "actor_kind": "client",
        "actor_name": "CRM",
        "object_kind": "webhook",
        "object_id": "whk_1",
        "object_name": "ERP",
        "created_at": DAY,
    }
    return AuditEvent.objects.create(tenant=tenant, **(fields | overrides))


@pytest.fixture
def reader(program, acme):
    """May read the audit log, and nothing else. Its own making is not looked at."""
    api = program(acme, scopes=["audit:read"])
    since = AuditEvent.objects.latest("id").created_at
    api.old = {"EndDate": (since - timedelta(days=1)).isoformat()}
    return api


def listed(reader, **query):
    return reader.get("/audit-events", **query).json()["Items"]


def test_an_item_says_who_did_what_to_which_object(reader, acme):
    event = make_audit_event(
        acme,
        changes={"Name": {"Before": "A", "After": "B"}},
        address="192.0.2.7",
        request_id="r-1",
    )

    page = reader.get("/audit-events", ObjectId="whk_1").json()

    assert page == {
        "Page": 0,
        "PageSize": 50,
        "Total": 1,
        "Items": [
            {
                "Id": event.public_id,
                "Timestamp": "2025-11-20T00:00:00Z",
                "Action": "webhook.updated",
                "Actor": {"Kind": "client", "Name": "CRM"},
                "Object": {"Kind": "webhook", "Id": "whk_1", "Name": "ERP"},
                "Changes": {"Name": {"Before": "A", "After": "B"}},
                "Address": "192.0.2.7",
                "RequestId": "r-1",
            }
        ],
    }


def test_what_is_not_known_is_null(reader, acme):
    make_audit_event(acme, actor_name="", object_id="x", object_name="")

    (item,) = listed(reader, ObjectId="x")

    assert item["Actor"]["Name"] is None
    assert (item["Object"]["Name"], item["Address"]) == (None, None)
    assert (item["RequestId"], item["Changes"]) == (None, {})


def test_the_newest_stand_first_in_pages(reader, acme):
    made = [make_audit_event(acme, object_name=str(number)) for number in range(5)]

    page = reader.get("/audit-events", ObjectId="whk_1", Page=1, PageSize=2).json()

    assert (page["Page"], page["PageSize"], page["Total"]) == (1, 2, 5)
    assert [item["Id"] for item in page["Items"]] == [
        made[2].public_id,
        made[1].public_id,
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"Action": "webhook.deleted"}, ["deleted"]),
        ({"Action": ["webhook.deleted", "secret.revealed"]}, ["deleted", "revealed"]),
        ({"Actor": "dana"}, ["revealed"]),
        ({"ObjectId": "whk_2"}, ["revealed"]),
        ({"StartDate": "2025-11-19"}, ["deleted"]),
        ({"EndDate": "2025-11-18"}, ["revealed"]),
        ({"StartDate": "2025-11-18T10:00:00Z"}, ["deleted", "revealed"]),
        ({"StartDate": "2025-11-18T10:00:00.000001Z"}, ["deleted"]),
        ({"EndDate": "2025-11-18T11:00:00+01:00"}, ["revealed"]),
        ({"Actor": "dana", "Action": "webhook.deleted"}, []),
    ],
    ids=str,
)
def test_the_list_can_be_narrowed(reader, acme, query, found):
    make_audit_event(
        acme,
        action="secret.revealed",
        actor_name="dana",
        object_id="whk_2",
        object_name="revealed",
        created_at=DAY - timedelta(days=1, hours=14),
    )
    make_audit_event(acme, action="webhook.deleted", object_name="deleted")

    items = listed(reader, **(reader.old | query))

    assert [item["Object"]["Name"] for item in items] == found


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        (
            {"Action": "webhook.eaten"},
            "Action",
            "Select a valid choice. webhook.eaten is not one of the available choices.",
        ),
        (
            {"StartDate": "yesterday"},
            "StartDate",
            "This must be a time with its offset, or a date: 2026-11-21T08:30:00Z.",
        ),
        (
            {"StartDate": "2025-11-02", "EndDate": "2025-11-01"},
            "EndDate",
            "This must not be before StartDate.",
        ),
        ({"ObjectId": "\0"}, "ObjectId", "Null characters are not allowed."),
    ],
    ids=["action", "time", "order", "null"],
)
@pytest.mark.parametrize("path", ["/audit-events", "/audit-events/export"])
def test_a_wrong_parameter_is_named(reader, refused, path, query, field, sentence):
    before = AuditEvent.objects.count()

    problem = refused(reader.get(path, **query), 400)

    assert problem["Errors"] == {field: [sentence]}
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("path", ["/audit-events", "/audit-events/export"])
def test_the_log_needs_its_scope(program, acme, platform_api, refused, path):
    others = program(acme, scopes=["webhooks:read", "webhooks:secrets", "logs:read"])

    problem = refused(others.get(path), 403)

    assert problem["Detail"] == "The access token lacks the scope audit:read."
    refused(platform_api.get(path), 403)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/audit-events", "/audit-events/export"])
def test_nobody_writes_it(reader, refused, path, method):
    refused(reader.send(method, path), 405)


def test_a_page_takes_as_many_queries_for_many_as_for_one(
    reader, acme, django_assert_num_queries
):
    make_audit_event(acme)
    with django_assert_num_queries(3):
        reader.get("/audit-events")
    for _ in range(5):
        make_audit_event(acme)

    with django_assert_num_queries(3):
        reader.get("/audit-events")


# --- Export -------------------------------------------------------------------------


def exported(reader, wanted=None, **query):
    asked = {"Format": wanted} if wanted else {}
    response = reader.get("/audit-events/export", **asked, **query)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    return response, b"".join(response.streaming_content).decode()


def test_a_file_in_csv_has_the_columns_of_an_item(reader, acme):
    event = make_audit_event(
        acme, changes={"Name": {"Before": None, "After": "é"}}, address="192.0.2.7"
    )

    response, text = exported(reader, "csv", ObjectId="whk_1")

    head, row = csv.reader(io.StringIO(text))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == (
        'attachment; filename="audit-events.csv"'
    )
    assert dict(zip(head, row, strict=True)) == {
        "Id": event.public_id,
        "Timestamp": "2025-11-20T00:00:00Z",
        "Action": "webhook.updated",
        "ActorKind": "client",
        "ActorName": "CRM",
        "ObjectKind": "webhook",
        "ObjectId": "whk_1",
        "ObjectName": "ERP",
        "Changes": '{"Name": {"Before": null, "After": "é"}}',
        "Address": "192.0.2.7",
        "RequestId": "",
    }


def test_a_cell_does_not_run_in_a_spreadsheet(reader, acme):
    make_audit_event(acme, object_name="=HYPERLINK(1)", actor_name="@SUM(1)")

    _, text = exported(reader, "csv", ObjectId="whk_1")

    _, row = csv.reader(io.StringIO(text))
    assert {"'=HYPERLINK(1)", "'@SUM(1)"} <= set(row)


@pytest.mark.parametrize("wanted", [None, "json"])
def test_a_file_in_json_has_the_items_of_the_list(reader, acme, wanted):
    for _ in range(3):
        make_audit_event(acme)

    response, text = exported(reader, wanted, ObjectId="whk_1")

    assert response["Content-Type"] == "application/json"
    assert json.loads(text) == listed(reader, ObjectId="whk_1")
    assert len(json.loads(text)) == 3


def test_nothing_is_an_empty_file(reader):
    assert exported(reader, "json", ObjectId="none")[1] == "[]"
    assert exported(reader, "csv", ObjectId="none")[1].count("\n") == 1


def test_a_file_goes_beyond_the_batch_it_is_read_in(reader, acme):
    AuditEvent.objects.bulk_create(
        AuditEvent(tenant=acme, object_id="many", action="x", created_at=DAY)
        for _ in range(1001)
    )

    _, text = exported(reader, "json", ObjectId="many")

    ids = [item["Id"] for item in json.loads(text)]
    assert len(set(ids)) == len(ids) == 1001


def test_an_export_is_itself_recorded_and_not_part_of_the_file(reader, acme):
    _, text = exported(reader, Action="export.downloaded")

    event = AuditEvent.objects.first()
    assert json.loads(text) == []
    assert (event.tenant, event.action) == (acme, "export.downloaded")
    assert (event.actor_name, event.object_name) == ("CRM", "audit-events.json")


@pytest.mark.parametrize("wanted", ["xml", "", "CSV"])
def test_another_format_is_refused_and_nothing_recorded(reader, refused, wanted):
    before = AuditEvent.objects.count()

    problem = refused(reader.get("/audit-events/export", Format=wanted), 400)

    assert problem["Errors"] == {"Format": ["This must be csv or json."]}
    assert AuditEvent.objects.count() == before


def test_globex_sees_its_own_log_alone(globex_api, acme, webhook):
    make_audit_event(acme)

    items = listed(globex_api)
    _, text = exported(globex_api, "json")

    names = {item["Object"]["Name"] for item in items + json.loads(text)}
    assert names == {"GLOBEX", "CRM"}
    assert webhook.public_id not in text
    assert listed(globex_api, ObjectId=webhook.public_id) == []


def test_what_is_the_platforms_is_no_tenants(reader, acme):
    make_audit_event(None, object_id="platform")
    make_webhook(acme)

    assert listed(reader, ObjectId="platform") == []
