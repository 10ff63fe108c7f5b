"""The delivery log of a webhook, as programs read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deliveries.models import Delivery, Event, log_id
from subscriptions.webhooks import delete_webhook
from tests.builders import make_attempt, make_delivery, make_event, make_webhook

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def address(webhook, entry_id=""):
    log = f"/webhooks/{webhook.public_id}/delivery-logs"
    return f"{log}/{entry_id}" if entry_id else log


def delivered(webhook, *, event=None, at=NOON, **attempt):
    overrides = {"event": event} if event else {}
    delivery = make_delivery(
        webhook, state=Delivery.State.SUCCEEDED, attempts_made=1, **overrides
    )
    return make_attempt(delivery, started_at=at, **attempt)


def test_an_item_says_what_happened_to_an_attempt(api, webhook):
    delivery = make_delivery(webhook, attempts_made=1, due_at=NOON + MINUTE)
    attempt = make_attempt(
        delivery,
        status="failed",
        status_code=503,
        error_message="The answer had status 503.",
        duration_ms=412,
        started_at=NOON,
    )

    response = api.get(address(webhook))

    assert response.status_code == 200
    assert response.json() == {
        "Page": 0,
        "PageSize": 50,
        "Total": 1,
        "Items": [
            {
                "Id": attempt.public_id,
                "DeliveryId": delivery.public_id,
                "EventId": delivery.event.public_id,
                "EventType": "tender.created",
                "Status": "failed",
                "HttpStatusCode": 503,
                "DurationMs": 412,
                "AttemptNumber": 1,
                "Timestamp": "2026-11-20T12:00:00Z",
                "ConsumerUrl": webhook.url,
                "ErrorMessage": "The answer had status 503.",
                "NextAttemptAt": "2026-11-20T12:01:00Z",
            }
        ],
        "NextCursor": None,
        "Facets": {
            "Status": [{"Value": "failed", "Count": 1}],
            "EventType": [{"Value": "tender.created", "Count": 1}],
        },
    }


def test_a_delivery_not_yet_attempted_is_pending(api, webhook):
    delivery = make_delivery(webhook, created_at=NOON, due_at=NOON)

    [item] = api.get(address(webhook)).json()["Items"]

    assert item == {
        "Id": log_id(delivery, 1),
        "DeliveryId": delivery.public_id,
        "EventId": delivery.event.public_id,
        "EventType": "tender.created",
        "Status": "pending",
        "HttpStatusCode": None,
        "DurationMs": None,
        "AttemptNumber": 1,
        "Timestamp": "2026-11-20T12:00:00Z",
        "ConsumerUrl": webhook.url,
        "ErrorMessage": None,
        "NextAttemptAt": "2026-11-20T12:00:00Z",
    }


def test_a_success_has_neither_an_error_nor_a_next_attempt(api, webhook):
    delivered(webhook)

    [item] = api.get(address(webhook)).json()["Items"]

    assert (item["ErrorMessage"], item["NextAttemptAt"]) == (None, None)


def test_pages_are_the_newest_first_and_counted_from_zero(api, webhook):
    attempts = [delivered(webhook, at=NOON + i * MINUTE) for i in range(5)]

    page = api.get(address(webhook), Page=1, PageSize=2).json()

    assert (page["Page"], page["PageSize"], page["Total"]) == (1, 2, 5)
    assert [item["Id"] for item in page["Items"]] == [
        attempts[2].public_id,
        attempts[1].public_id,
    ]
    assert api.get(address(webhook), Page=3, PageSize=2).json()["Items"] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"Status": "failed"}, ["failed"]),
        ({"Status": ["failed", "pending"]}, ["pending", "failed"]),
        ({"Status[]": ["failed", "pending"]}, ["pending", "failed"]),
        ({"Status": "failed,pending"}, ["pending", "failed"]),
        ({"Status": "failed", "Status[]": "pending"}, ["pending", "failed"]),
        ({"EventType": "load.changed"}, ["failed"]),
        ({"EventType": ["load.changed", "tender.created"]}, ["pending", "failed", "ok"]),
        ({"EventType": "load.changed,tender.created"}, ["pending", "failed", "ok"]),
        ({"EventType[]": ["load.changed", "no.such"]}, ["failed"]),
        ({"EventType": "no.such"}, []),
        ({"Search": "EVT-lo"}, ["failed"]),
        ({"Search": "l-1", "Status": "failed"}, ["failed"]),
        ({"Search": "l-1", "Status": "success"}, []),
        ({"Search": "nowhere"}, []),
        ({"Search": ""}, ["pending", "failed", "ok"]),
        ({"EventId": "evt-load"}, ["failed"]),
        ({"EventId": "evt-load", "Status": "success"}, []),
        ({"EventId": ""}, ["pending", "failed", "ok"]),
        ({"EntityId": "L-1"}, ["failed"]),
        ({"StartDate": "2026-11-20T12:01:00Z"}, ["pending", "failed"]),
        ({"StartDate": "2026-11-20T13:01:00.5+01:00"}, ["pending"]),
        # An offset's + that the caller forgot to escape.
        ({"StartDate": "2026-11-20T13:01:00.5 01:00"}, ["pending"]),
        ({"EndDate": "2026-11-20T12:01:00Z"}, ["failed", "ok"]),
        ({"StartDate": "2026-11-20", "EndDate": "2026-11-20"}, ["pending", "failed", "ok"]),
        ({"StartDate": "2026-11-21"}, []),
        ({"EndDate": "2026-11-19"}, []),
        ({"Unknown": "x"}, ["pending", "failed", "ok"]),
    ],
)  # fmt: skip
def test_the_list_can_be_narrowed(api, webhook, query, expected):
    load = make_event(
        webhook.tenant, public_id="evt-load", type="load.changed", entity_id="L-1"
    )
    names = {
        delivered(webhook).public_id: "ok",
        delivered(
            webhook, event=load, status="failed", at=NOON + MINUTE
        ).public_id: "failed",
        log_id(make_delivery(webhook, created_at=NOON + 2 * MINUTE), 1): "pending",
    }

    answer = api.get(address(webhook), **query).json()

    assert [names[item["Id"]] for item in answer["Items"]] == expected
    assert answer["Total"] == len(expected)
    assert sum(facet["Count"] for facet in answer["Facets"]["Status"]) == len(expected)


def test_facets_count_what_matches_on_all_pages(api, webhook):
    load = make_event(webhook.tenant, type="load.changed")
    delivered(webhook, event=load, status="failed")
    delivered(webhook)
    delivered(webhook)

    facets = api.get(address(webhook), PageSize=1).json()["Facets"]

    assert facets == {
        "Status": [{"Value": "success", "Count": 2}, {"Value": "failed", "Count": 1}],
        "EventType": [
            {"Value": "tender.created", "Count": 2},
            {"Value": "load.changed", "Count": 1},
        ],
    }


A_TIME = "This must be a time with its offset, or a date: 2026-11-21T08:30:00Z."


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        (
            {"Status": "done"},
            {
                "Status": [
                    "Select a valid choice. done is not one of the available choices."
                ]
            },
        ),
        ({"StartDate": "yesterday"}, {"StartDate": [A_TIME]}),
        ({"StartDate": "2026-11-20T12:00:00"}, {"StartDate": [A_TIME]}),
        ({"StartDate": "2026-11-20 12:00"}, {"StartDate": [A_TIME]}),
        ({"StartDate": "2026-02-30"}, {"StartDate": [A_TIME]}),
        ({"StartDate": "0001-01-01T00:00:00+23:59"}, {"StartDate": [A_TIME]}),
        ({"EndDate": "9999-12-31T23:59:59-23:59"}, {"EndDate": [A_TIME]}),
        ({"EndDate": "2026-11-20T12:00:00+99:00"}, {"EndDate": [A_TIME]}),
        ({"EndDate": "1e9"}, {"EndDate": [A_TIME]}),
        (
            {"StartDate": "2026-11-21", "EndDate": "2026-11-20"},
            {"EndDate": ["This must not be before StartDate."]},
        ),
        ({"Search": "ab"}, {"Search": ["This must have at least 3 characters."]}),
        (
            {"Search": "a" * 201},
            {"Search": ["This must not have more than 200 characters."]},
        ),
        ({"Search": "abc\0"}, {"Search": ["Null characters are not allowed."]}),
        (
            {"Status": "failed,done"},
            {
                "Status": [
                    "Select a valid choice. done is not one of the available choices."
                ]
            },
        ),
        (
            {"Cursor": "x", "Page": "0"},
            {"Cursor": ["This cannot stand beside Page."]},
        ),
        ({"EventId": "\0"}, {"EventId": ["Null characters are not allowed."]}),
        ({"EntityId": "\0"}, {"EntityId": ["Null characters are not allowed."]}),
        ({"EventType": "\0"}, {"EventType": ["Null characters are not allowed."]}),
        (
            {"Page": "-1"},
            {"Page": ["This must be a whole number from 0 to 1000000000000000."]},
        ),
        ({"PageSize": "101"}, {"PageSize": ["This must be a whole number from 1 to 100."]}),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_named(api, webhook, refused, query, errors):
    assert refused(api.get(address(webhook), **query), 400)["Errors"] == errors


NO_CURSOR = {"Cursor": ["This is no cursor of this list. Begin again without one."]}


def walked(api, webhook, **query):
    """The ids of each page, from the first on, by cursors."""
    answer = api.get(address(webhook), **query).json()
    yield [item["Id"] for item in answer["Items"]]
    while answer["NextCursor"]:
        answer = api.get(address(webhook), **query, Cursor=answer["NextCursor"]).json()
        yield [item["Id"] for item in answer["Items"]]


@pytest.mark.parametrize(
    ("size", "counts"), [(1, [1] * 7), (2, [2, 2, 2, 1]), (7, [7]), (100, [7])]
)
def test_cursors_lead_through_the_whole_list(api, webhook, size, counts):
    for number in range(3):
        delivered(webhook, at=NOON - number * MINUTE)
        make_delivery(webhook, created_at=NOON)
    # The same moment once more.
    delivered(webhook)

    pages = list(walked(api, webhook, PageSize=size))

    assert [len(page) for page in pages] == counts
    listed = api.get(address(webhook)).json()["Items"]
    assert [each for page in pages for each in page] == [i["Id"] for i in listed]


def test_what_comes_meanwhile_moves_nothing_behind_a_cursor(api, webhook):
    first, second, third = (delivered(webhook, at=NOON - i * MINUTE) for i in range(3))
    pages = walked(api, webhook, PageSize=1)
    assert next(pages) == [first.public_id]

    delivered(webhook, at=NOON + MINUTE)
    make_delivery(webhook, created_at=NOON + MINUTE)

    assert list(pages) == [[second.public_id], [third.public_id]]


def test_a_page_behind_a_cursor_counts_all_and_has_no_number(api, webhook):
    for number in range(3):
        delivered(webhook, at=NOON - number * MINUTE)
    cursor = api.get(address(webhook), PageSize=2).json()["NextCursor"]

    page = api.get(address(webhook), PageSize=2, Cursor=cursor).json()

    assert (page["Page"], page["PageSize"], page["Total"]) == (None, 2, 3)
    assert page["NextCursor"] is None
    assert page["Facets"]["Status"] == [{"Value": "success", "Count": 3}]


def test_a_numbered_page_leads_on_by_its_cursor_as_well(api, webhook):
    attempts = [delivered(webhook, at=NOON - i * MINUTE) for i in range(5)]
    cursor = api.get(address(webhook), Page=1, PageSize=2).json()["NextCursor"]

    [item] = api.get(address(webhook), Cursor=cursor).json()["Items"]

    assert item["Id"] == attempts[4].public_id


def test_a_cursor_goes_with_its_filters_however_they_are_spelled(api, webhook):
    for number in range(3):
        delivered(webhook, at=NOON - number * MINUTE, status="failed")
    asked = {"Status": ["failed", "timeout"], "PageSize": 2}
    cursor = api.get(address(webhook), **asked).json()["NextCursor"]

    again = api.get(address(webhook), Status="timeout,failed,failed", Cursor=cursor)

    assert len(again.json()["Items"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"Status": "success"},
        {"Status": "failed", "EventType": "tender.created"},
        {"Status": "failed", "StartDate": "2026-11-20"},
        {"Status": "failed", "EndDate": "2026-11-20"},
        {"Status": "failed", "EventId": "evt"},
        {"Status": "failed", "EntityId": "evt"},
        {"Status": "failed", "Search": "evt"},
    ],
)
def test_a_cursor_of_other_filters_is_refused(api, webhook, refused, query):
    for _ in range(2):
        delivered(webhook, status="failed")
    asked = {"Status": "failed", "PageSize": 1}
    cursor = api.get(address(webhook), **asked).json()["NextCursor"]

    response = api.get(address(webhook), **query, Cursor=cursor)

    assert refused(response, 400)["Errors"] == NO_CURSOR


def test_a_cursor_of_another_webhook_or_tenant_is_refused(
    api, globex_api, acme, globex, webhook, refused
):
    for _ in range(2):
        delivered(webhook)
    cursor = api.get(address(webhook), PageSize=1).json()["NextCursor"]

    for reader, other in (
        (api, make_webhook(acme)),
        (globex_api, make_webhook(globex)),
    ):
        response = reader.get(address(other), Cursor=cursor)
        assert refused(response, 400)["Errors"] == NO_CURSOR


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cursor: cursor[:-1],
        lambda cursor: "x" + cursor,
        lambda cursor: cursor.swapcase(),
        lambda cursor: cursor.partition(".")[0],
        lambda cursor: "x",
        lambda cursor: ".",
        lambda cursor: "\0",
        lambda cursor: "\u0661.\u0662",
    ],
)
def test_a_cursor_that_we_did_not_write_is_refused(api, webhook, refused, spoil):
    for _ in range(2):
        delivered(webhook)
    cursor = api.get(address(webhook), PageSize=1).json()["NextCursor"]

    response = api.get(address(webhook), Cursor=spoil(cursor))

    assert refused(response, 400)["Errors"] == NO_CURSOR


def test_a_page_behind_a_cursor_takes_the_same_queries_however_long(
    api, webhook, django_assert_num_queries
):
    for _ in range(25):
        delivered(webhook)
        make_delivery(webhook)
    cursor = api.get(address(webhook), PageSize=1).json()["NextCursor"]

    # The token, the webhook, one to count, the keys, and the rows of both kinds.
    with django_assert_num_queries(7):
        answer = api.get(address(webhook), PageSize=100, Cursor=cursor)

    assert len(answer.json()["Items"]) == 49


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_dates_like_any_other(api, webhook, day):
    query = {"StartDate": day, "EndDate": day}

    assert api.get(address(webhook), **query).json()["Total"] == 0


@pytest.mark.parametrize("entries", [1, 25])
def test_the_list_takes_the_same_queries_however_long(
    api, webhook, django_assert_num_queries, entries
):
    for _ in range(entries):
        delivered(webhook)
        make_delivery(webhook)

    # The token, the webhook, one to count, the keys, and the rows of both kinds.
    with django_assert_num_queries(7):
        answer = api.get(address(webhook), PageSize=100)

    assert len(answer.json()["Items"]) == 2 * entries


def test_an_entry_shows_the_whole_exchange(api, webhook):
    event = make_event(
        webhook.tenant,
        entity_type="tender",
        entity_id="T-1",
        occurred_at=NOON - MINUTE,
        body=b'{"id":"e"}',
    )
    attempt = delivered(
        webhook,
        event=event,
        status="failed",
        status_code=500,
        error_message="The answer had status 500.",
        duration_ms=93,
        dns_ms=1,
        connect_ms=2,
        tls_ms=30,
        wait_ms=60,
        remote_address="203.0.113.7",
        request_headers={"Content-Type": "application/json"},
        response_headers=[["Set-Cookie", "a"], ["Set-Cookie", "b"]],
        response_body=b"<h1>Oops</h1>",
    )

    entry = api.get(address(webhook, attempt.public_id)).json()

    assert entry == {
        "Id": attempt.public_id,
        "DeliveryId": attempt.delivery.public_id,
        "EventId": event.public_id,
        "EventType": "tender.created",
        "Status": "failed",
        "HttpStatusCode": 500,
        "DurationMs": 93,
        "AttemptNumber": 1,
        "Timestamp": "2026-11-20T12:00:00Z",
        "ConsumerUrl": webhook.url,
        "ErrorMessage": "The answer had status 500.",
        "NextAttemptAt": None,
        "HttpMethod": "POST",
        "EventTimestamp": "2026-11-20T11:59:00Z",
        "RequestHeaders": {"Content-Type": "application/json"},
        "RequestBody": '{"id":"e"}',
        "ResponseHeaders": {"Set-Cookie": "a, b"},
        "ResponseBody": "<h1>Oops</h1>",
        "PayloadNote": None,
        "ErrorKind": "http_5xx",
        "Explanation": "Your server answered with an error (500).",
        "Remedy": (
            "Look into your server's log at the time of this attempt. Reply first, "
            "work later: store the event, answer 200 at once, and process it "
            "afterwards."
        ),
        "Timing": {"DnsMs": 1, "ConnectMs": 2, "TlsMs": 30, "WaitMs": 60},
        "RemoteAddress": "203.0.113.7",
        "EntityType": "tender",
        "EntityId": "T-1",
        "IsTest": False,
        "IsReplay": False,
    }


def test_a_failure_without_an_answer_has_its_kind_and_no_response(api, webhook):
    attempt = delivered(
        webhook,
        status="timeout",
        status_code=None,
        error_kind="timeout",
        error_message="No answer within 30 seconds.",
    )

    entry = api.get(address(webhook, attempt.public_id)).json()

    assert (entry["ErrorKind"], entry["ResponseBody"]) == ("timeout", None)
    assert entry["Explanation"] == (
        f"{webhook.url[8:-7]} did not answer in time. No answer within 30 seconds."
    )


def test_a_success_is_not_explained(api, webhook):
    entry = api.get(address(webhook, delivered(webhook).public_id)).json()

    assert entry["ErrorKind"] is entry["Explanation"] is entry["Remedy"] is None


def test_a_pending_entry_has_what_is_known_before_the_attempt(api, webhook):
    delivery = make_delivery(webhook, is_replay=True)

    entry = api.get(address(webhook, log_id(delivery, 1))).json()

    assert entry["Status"] == "pending"
    assert entry["RequestBody"] == bytes(delivery.event.body).decode()
    assert (entry["RequestHeaders"], entry["ResponseHeaders"]) == ({}, {})
    assert (entry["ResponseBody"], entry["RemoteAddress"]) == (None, None)
    assert (entry["EntityType"], entry["EntityId"]) == (None, None)
    assert set(entry["Timing"].values()) == {None}
    assert (entry["Explanation"], entry["Remedy"]) == (None, None)
    assert (entry["IsTest"], entry["IsReplay"]) == (False, True)


def test_an_entry_takes_three_queries(api, webhook, django_assert_num_queries):
    attempt = delivered(webhook)

    with django_assert_num_queries(3):
        api.get(address(webhook, attempt.public_id))


@pytest.mark.parametrize(
    "entry_id", ["x", "log_", "{delivery}", "{entry}0", "{entry}%00", "log_%ff_1"]
)
def test_what_is_no_entry_is_not_found(api, webhook, refused, entry_id):
    attempt = delivered(webhook)
    names = {"delivery": attempt.delivery.public_id, "entry": attempt.public_id}

    response = api.get(address(webhook, entry_id.format(**names)))

    assert refused(response, 404)["Detail"] == "There is no such log entry."


def test_an_entry_says_that_its_payload_is_not_kept_any_more(api, webhook):
    event = make_event(webhook.tenant, created_at=NOON)
    attempt = delivered(webhook, event=event)
    Event.objects.update(body=b"", payload_deleted_at=NOON + timedelta(days=7))

    entry = api.get(address(webhook, attempt.public_id)).json()

    assert (entry["RequestBody"], entry["ResponseBody"]) == (None, None)
    assert entry["PayloadNote"] == "Kept for 7 days, deleted on 2026-11-27."
    assert (entry["Status"], entry["HttpStatusCode"]) == ("success", 200)


def test_the_log_outlives_its_webhook(api, webhook, refused):
    attempt = delivered(webhook)
    delete_webhook(webhook)

    assert api.get(address(webhook)).json()["Total"] == 1
    assert api.get(address(webhook, attempt.public_id)).status_code == 200
    refused(api.get(f"/webhooks/{webhook.public_id}"), 404)


def test_reading_the_log_needs_its_scope(program, acme, webhook, refused):
    attempt = delivered(webhook)
    other = program(acme, scopes=["webhooks:read"])

    for path in (address(webhook), address(webhook, attempt.public_id)):
        problem = refused(other.get(path), 403)
        assert problem["Detail"] == "The access token lacks the scope logs:read."


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_the_log_cannot_be_changed(api, webhook, refused, method):
    attempt = delivered(webhook)

    for path in (address(webhook), address(webhook, attempt.public_id)):
        refused(api.send(method, path), 405)


def test_globex_cannot_tell_acmes_log_from_nothing(globex_api, webhook, globex):
    attempt = delivered(webhook)
    own = make_webhook(globex)
    nobody = webhook.public_id[:-4] + "0000"

    def answers(public_id, entry_id):
        log = f"/webhooks/{public_id}/delivery-logs"
        found = [globex_api.get(log), globex_api.get(f"{log}/{entry_id}")]
        texts = [each.content.decode().replace(public_id, "") for each in found]
        return [each.status_code for each in found], texts

    assert answers(webhook.public_id, attempt.public_id) == answers(
        nobody, attempt.public_id
    )
    assert answers(webhook.public_id, attempt.public_id)[0] == [404, 404]
    assert globex_api.get(address(own)).json()["Total"] == 0
    assert globex_api.get(address(own, attempt.public_id)).status_code == 404
