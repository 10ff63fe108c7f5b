"""The delivery log of a webhook, as a file."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from deliveries.api.serializers import LogEntrySerializer
from deliveries.models import Delivery, log_id
from subscriptions.webhooks import delete_webhook
from tests.builders import (
    make_attempt,
    make_delivery,
    make_event,
    make_many_attempts,
    make_webhook,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
COLUMNS = list(LogEntrySerializer().fields)


def address(webhook):
    return f"/webhooks/{webhook.public_id}/delivery-logs/export"


def delivered(webhook, *, at=NOON, event=None, **attempt):
    overrides = {"event": event} if event else {}
    delivery = make_delivery(
        webhook, state=Delivery.State.SUCCEEDED, attempts_made=1, **overrides
    )
    return make_attempt(delivery, started_at=at, **attempt)


def text_of(response):
    assert response.status_code == 200, response.content
    return response.getvalue().decode()


def rows_of(response):
    return list(csv.DictReader(io.StringIO(text_of(response), newline="")))


def ids(response):
    return [item["Id"] for item in json.loads(text_of(response))]


def test_json_has_the_items_of_the_list(api, webhook):
    delivered(webhook)
    delivered(webhook, status="failed", status_code=503, error_message="No: é", at=NOON)
    make_delivery(webhook, created_at=NOON + MINUTE, due_at=NOON + MINUTE)
    log = api.get(f"/webhooks/{webhook.public_id}/delivery-logs").json()

    response = api.get(address(webhook))

    assert response["Content-Type"] == "application/json"
    assert json.loads(text_of(response)) == log["Items"]
    assert len(log["Items"]) == 3


def test_csv_has_a_header_and_the_columns_of_an_item(api, webhook):
    attempt = delivered(webhook, duration_ms=12)
    pending = make_delivery(webhook, created_at=NOON + MINUTE, due_at=NOON)

    response = api.get(address(webhook), Format="csv")

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert text_of(response) == "".join(
        ",".join(map(str, row)) + "\r\n"
        for row in [
            COLUMNS,
            [
                log_id(pending, 1),
                pending.public_id,
                pending.event.public_id,
                "tender.created",
                "pending",
                "",
                "",
                1,
                "2026-11-20T12:01:00Z",
                webhook.url,
                "",
                "2026-11-20T12:00:00Z",
            ],
            [
                attempt.public_id,
                attempt.delivery.public_id,
                attempt.delivery.event.public_id,
                "tender.created",
                "success",
                200,
                12,
                1,
                "2026-11-20T12:00:00Z",
                webhook.url,
                "",
                "",
            ],
        ]
    )


@pytest.mark.parametrize(
    ("form", "whole"),
    [("json", "[\n]\n"), ("csv", ",".join(COLUMNS) + "\r\n")],
)
def test_an_empty_log_is_a_file_without_rows(api, webhook, form, whole):
    assert text_of(api.get(address(webhook), Format=form)) == whole


def test_what_needs_quotes_comes_back_as_it_was(api, webhook):
    message = 'a "quoted", line\r\nand é \U0001f69a'
    delivered(webhook, status="failed", error_message=message)

    [row] = rows_of(api.get(address(webhook), Format="csv"))

    assert row["ErrorMessage"] == message


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "  =1", "\uff1d1", "\ufeff=1"],
)
def test_no_cell_is_run_by_a_spreadsheet(api, acme, webhook, text):
    event = make_event(acme, public_id=text)
    delivered(webhook, event=event, status="failed", error_message=text)

    [row] = rows_of(api.get(address(webhook), Format="csv"))

    assert (row["EventId"], row["ErrorMessage"]) == (f"'{text}", f"'{text}")
    [item] = json.loads(text_of(api.get(address(webhook))))
    assert item["EventId"] == text


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        ({}, None, "application/json"),
        ({}, "", "application/json"),
        ({}, "*/*", "application/json"),
        ({}, "text/csv", "text/csv; charset=utf-8"),
        ({}, "Application/CSV", "text/csv; charset=utf-8"),
        ({}, "application/json", "application/json"),
        ({}, "application/vnd.acme+json", "application/json"),
        ({}, "text/csv;q=0.5, application/json", "application/json"),
        ({}, "text/csv, */*;q=0.1", "text/csv; charset=utf-8"),
        ({}, "*/*, text/csv", "text/csv; charset=utf-8"),
        ({}, "image/png", "application/json"),
        ({}, "nonsense", "application/json"),
        ({}, "text/csv;q=0", "application/json"),
        ({"Format": "csv"}, "application/json", "text/csv; charset=utf-8"),
        ({"Format": "json"}, "text/csv", "application/json"),
    ],
)
def test_the_format_is_that_of_the_query_else_of_accept(
    api, webhook, query, accept, media_type
):
    if accept is not None:
        api.client.defaults["HTTP_ACCEPT"] = accept

    assert api.get(address(webhook), **query)["Content-Type"] == media_type


def test_the_file_has_a_name_and_is_kept_by_nobody(api, webhook):
    response = api.get(address(webhook), Format="csv")

    assert response["Cache-Control"] == "no-store"
    kind, _, name = response["Content-Disposition"].partition("; filename=")
    assert kind == "attachment"
    assert name.startswith(f'"delivery-logs-{webhook.public_id}-20')
    assert name.endswith('Z.csv"')


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 7),
        ({"Page": 0}, 7),
        ({"Page": 0, "PageSize": 2}, 2),
        ({"Page": 1, "PageSize": 2}, 4),
        ({"Page": 2, "PageSize": 3}, 7),
        ({"Page": 10**15, "PageSize": 100}, 7),
        ({"PageSize": 2}, 7),
    ],
)
def test_page_is_the_last_one_to_include(api, webhook, query, count):
    attempts = [delivered(webhook, at=NOON - i * MINUTE) for i in range(7)]

    found = ids(api.get(address(webhook), **query))

    assert found == [attempt.public_id for attempt in attempts[:count]]


def test_there_are_25000_rows_at_most(api, webhook):
    make_many_attempts(delivered(webhook).delivery, count=25_000)

    assert len(rows_of(api.get(address(webhook), Page=500, Format="csv"))) == 25_000


def test_it_is_narrowed_as_the_list_is(api, webhook):
    load = make_event(
        webhook.tenant,
        public_id="evt-load",
        type="load.changed",
        entity_id="L-1",
        data={"driver": "Kate"},
    )
    found = delivered(webhook, event=load, status="failed", at=NOON + MINUTE)
    delivered(webhook)
    make_delivery(webhook, created_at=NOON + 2 * MINUTE)

    for query in (
        {"Status": ["failed", "timeout"]},
        {"EventType": "load.changed"},
        {"EventId": "evt-load"},
        {"EntityId": "L-1"},
        {"Search": "KATE"},
        {"StartDate": "2026-11-20T12:01:00Z", "EndDate": "2026-11-20T12:01:30Z"},
    ):
        assert ids(api.get(address(webhook), **query)) == [found.public_id], query


def test_it_takes_the_same_queries_however_many_rows(
    api, webhook, django_assert_max_num_queries
):
    for _ in range(10):
        delivered(webhook)
        make_delivery(webhook)

    # The token, the webhook, two bounds and PostgreSQL's clock; four for the batch; the
    # audit log, with the clock again.
    # Five of them for a place among the tenant's exports, each with a look at the clock.
    with django_assert_max_num_queries(19):
        assert len(ids(api.get(address(webhook)))) == 20


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ({"Format": "xml"}, {"Format": ["This must be csv or json."]}),
        ({"Format": ""}, {"Format": ["This must be csv or json."]}),
        (
            {"Page": "-1"},
            {"Page": ["This must be a whole number from 0 to 1000000000000000."]},
        ),
        ({"PageSize": "101"}, {"PageSize": ["This must be a whole number from 1 to 100."]}),
        (
            {"Status": "done"},
            {
                "Status": [
                    "Select a valid choice. done is not one of the available choices."
                ]
            },
        ),
        ({"Search": "ab"}, {"Search": ["This must have at least 3 characters."]}),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_a_problem_and_no_file(api, webhook, refused, query, errors):
    assert refused(api.get(address(webhook), **query), 400)["Errors"] == errors


def test_the_log_of_a_deleted_webhook_is_exported(api, webhook):
    attempt = delivered(webhook)
    delete_webhook(webhook)

    assert ids(api.get(address(webhook))) == [attempt.public_id]


def test_exporting_needs_the_scope_of_reading(program, acme, webhook, refused):
    problem = refused(
        program(acme, scopes=["webhooks:read"]).get(address(webhook)), 403
    )

    assert problem["Detail"] == "The access token lacks the scope logs:read."


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_an_export_can_only_be_read(api, webhook, refused, method):
    refused(api.send(method, address(webhook)), 405)


def test_globex_cannot_tell_acmes_export_from_nothing(
    globex_api, globex, webhook, refused
):
    delivered(webhook)
    own = make_webhook(globex)

    def told(path):
        problem = refused(globex_api.get(path, Format="csv"), 404)
        return problem | {"Instance": ""}

    nobody = address(webhook).replace(webhook.public_id[-4:], "0000")
    assert told(address(webhook)) == told(nobody)
    assert ids(globex_api.get(address(own))) == []
