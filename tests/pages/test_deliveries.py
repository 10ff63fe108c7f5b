"""The list of a webhook's deliveries: what an address narrows it to, and its export."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deliveries.models import Delivery
from subscriptions.models import AuditEvent
from tests.builders import (
    make_delivery,
    make_event,
    make_many_attempts,
    make_recovery,
    make_webhook,
)
from tests.pages.delivery_cast import (
    FAILURE,
    browser_of,
    delivered,
    failed,
    outcome_of,
    page,
    retrying,
)

State = Delivery.State
HTMX = {"HX-Request": "true"}


@pytest.fixture
def dana(acme):
    return browser_of(acme)


@pytest.fixture
def now():
    return timezone.now()


def listed(browser, webhook, **query):
    return browser.get(page("webhook_deliveries", webhook), query)


def shown(browser, webhook, **query):
    rows = listed(browser, webhook, **query).context["rows"]
    return [row.delivery for row in rows]


def segments(browser, webhook, **query):
    found = listed(browser, webhook, **query).context["segments"]
    return {str(each["label"]): each["count"] for each in found}


def test_segments_count_each_status(dana, webhook, now):
    delivered(webhook, now)
    delivered(webhook, now)
    failed(webhook, now)
    retrying(webhook, now)
    make_delivery(webhook)
    make_delivery(webhook, state=State.WAITING, order_key="T-1", due_at=None)
    make_delivery(webhook, state=State.SKIPPED)
    delivered(webhook, now, is_test=True)

    assert segments(dana, webhook) == {
        "All": 7,
        "Failed": 1,
        "Retrying": 1,
        "Queued": 2,
        "Skipped": 1,
        "Delivered": 2,
        "Tests": 1,
    }


@pytest.mark.parametrize(
    ("status", "count"),
    [
        ("failed", 1),
        ("retrying", 1),
        ("queued", 1),
        ("skipped", 1),
        ("delivered", 2),
        ("test", 1),
        ("", 6),
    ],
)
def test_a_segment_shows_what_it_counts(dana, webhook, now, status, count):
    delivered(webhook, now)
    delivered(webhook, now)
    failed(webhook, now)
    retrying(webhook, now)
    make_delivery(webhook)
    make_delivery(webhook, state=State.SKIPPED)
    delivered(webhook, now, is_test=True)

    response = listed(dana, webhook, status=status)

    assert len(response.context["rows"]) == count
    (chosen,) = [s for s in response.context["segments"] if s["is_chosen"]]
    assert chosen["count"] == count
    assert len(dana.get(response.wsgi_request.path + chosen["href"]).context["rows"])


def test_the_newest_come_first(dana, webhook, now):
    older = delivered(webhook, now - timedelta(hours=1))
    newest = delivered(webhook, now)
    oldest = delivered(webhook, now - timedelta(hours=2))

    assert shown(dana, webhook) == [newest, older, oldest]


@pytest.mark.parametrize(
    ("code", "expected"),
    [("2xx", 1), ("4xx", 1), ("404", 1), ("503", 1), ("5xx", 2), ("500", 1)],
)
def test_codes_are_those_of_the_latest_attempt(dana, webhook, now, code, expected):
    delivered(webhook, now)
    failed(webhook, now, outcome=FAILURE | {"status_code": 404}, attempts=2)
    failed(webhook, now, attempts=2)
    failed(webhook, now, outcome=FAILURE | {"status_code": 500})
    failed(webhook, now, outcome=outcome_of("dns"), attempts=2)

    assert len(shown(dana, webhook, code=code)) == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("dns", 1), ("timeout", 1), ("http_5xx", 2), ("http_4xx", 0), ("tls", 0)],
)
def test_reasons_are_those_of_the_latest_attempt(dana, webhook, now, reason, expected):
    delivered(webhook, now)
    retrying(webhook, now)
    failed(webhook, now)
    failed(webhook, now, outcome=outcome_of("dns"), attempts=2)
    failed(webhook, now, outcome=outcome_of("timeout"))

    assert len(shown(dana, webhook, reason=reason)) == expected


def test_filters_are_joined_and_stay_in_the_address(dana, acme, webhook, now):
    event = make_event(acme, type="tender.updated")
    wanted = failed(webhook, now - timedelta(hours=2), event=event)
    failed(webhook, now - timedelta(hours=2))
    failed(webhook, now, event=make_event(acme, type="tender.updated"))
    query = {
        "status": "failed",
        "event": "tender.updated",
        "code": "5xx",
        "from": f"{now - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}",
        "to": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "q": wanted.event.public_id,
    }

    response = listed(dana, webhook, **query)

    assert [row.delivery for row in response.context["rows"]] == [wanted]
    html = response.content.decode()
    assert "<option selected>tender.updated</option>" in html
    assert "<option selected>5xx</option>" in html
    assert f'value="{wanted.event.public_id}"' in html


def test_the_end_of_a_period_is_left_out_and_a_day_is_whole(dana, webhook):
    begin = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    begin -= timedelta(days=2)
    first = delivered(webhook, begin)
    last = delivered(webhook, begin + timedelta(hours=23, minutes=59))
    delivered(webhook, begin + timedelta(days=1))
    day = f"{begin:%Y-%m-%d}"

    assert shown(dana, webhook, **{"from": day, "to": day}) == [last, first]
    until = f"{begin:%Y-%m-%dT}23:59:00Z"
    assert shown(dana, webhook, **{"from": day, "to": until}) == [first]


@pytest.mark.parametrize("name", ["public_id", "event", "log", "start"])
def test_a_pasted_id_finds_the_one(dana, webhook, now, name):
    delivered(webhook, now - timedelta(hours=1))
    wanted = failed(webhook, now)
    pasted = {
        "public_id": wanted.public_id,
        "event": wanted.event.public_id,
        "log": wanted.attempts.get().public_id,
        "start": wanted.public_id[:-1],
    }[name]

    assert shown(dana, webhook, q=f" {pasted} ") == [wanted]


def test_the_id_of_a_test_finds_it(dana, webhook, now):
    test = delivered(webhook, now, is_test=True)

    assert shown(dana, webhook, q=test.public_id) == [test]


def test_the_deliveries_of_a_recovery_can_be_listed(dana, webhook, now):
    recovery = make_recovery(webhook)
    mine = delivered(webhook, now, recovery=recovery, is_replay=True)
    delivered(webhook, now)

    assert shown(dana, webhook, recovery=recovery.public_id) == [mine]
    assert shown(dana, webhook, recovery="rcv_nobodys") == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"status": "lost"}, "There is no such filter: status=lost."),
        ({"code": "6xx"}, "There is no such filter: code=6xx."),
        ({"code": "٤xx"}, "There is no such filter: code=٤xx."),
        ({"reason": "mood"}, "There is no such filter: reason=mood."),
        ({"from": "yesterday"}, "This is not a time: yesterday."),
        ({"to": "9999-12-31"}, "This is not a time: 9999-12-31."),
        ({"from": "2026-02-30"}, "This is not a time: 2026-02-30."),
        (
            {"from": "2026-02-02", "to": "2026-02-01"},
            "The period ends before it begins.",
        ),
        ({"q": "ab"}, "Search for 3 to 200 characters."),
        ({"q": "a\0bcd"}, "Null characters are not allowed."),
        ({"event": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_what_makes_no_sense_finds_nothing_and_says_why(
    dana, webhook, now, query, sentence
):
    delivered(webhook, now)

    response = listed(dana, webhook, **query)

    assert response.context["asked"].errors == (sentence,)
    assert response.context["rows"] == []
    for name in ("csv", "json"):
        file = dana.get(export_url(webhook, name), query)
        assert (file.status_code, file.content.decode()) == (400, sentence)


def test_no_deliveries_and_none_that_match_say_different_things(dana, webhook, now):
    empty = listed(dana, webhook).content.decode()
    assert "Deliveries appear here as soon as a subscribed event happens." in empty
    delivered(webhook, now)

    none = listed(dana, webhook, status="failed").content.decode()

    assert "No deliveries match these filters" in none
    assert "Clear filters" in none


def test_what_is_tried_again_says_when(dana, webhook, now):
    due_at = now + timedelta(minutes=4)
    retrying(webhook, now, due_at=due_at)

    html = listed(dana, webhook).content.decode()

    assert f"{due_at:%Y-%m-%d %H:%M:%S} UTC" in html


def test_pages_follow_a_place_that_new_rows_do_not_move(dana, webhook, now):
    made = [delivered(webhook, now - timedelta(minutes=n // 2)) for n in range(60)]
    in_order = sorted(made, key=lambda each: (each.created_at, each.pk), reverse=True)
    first = listed(dana, webhook)
    delivered(webhook, now + timedelta(minutes=1))

    second = dana.get(page("webhook_deliveries", webhook) + first.context["older"])

    assert [row.delivery for row in first.context["rows"]] == in_order[:50]
    assert [row.delivery for row in second.context["rows"]] == in_order[50:]
    assert second.context["older"] == ""
    assert second.context["newest"] == "?"


def test_a_cursor_of_somebody_else_leads_to_the_beginning(dana, globex, webhook, now):
    mine = delivered(webhook, now)
    foreign = delivered(make_webhook(globex), now)

    for cursor in (foreign.public_id, "dlv_nobodys", "%00"):
        assert shown(dana, webhook, cursor=cursor) == [mine]


def test_it_takes_as_many_queries_for_ten_rows_as_for_five_hundred(dana, webhook, now):
    def queries(**query):
        with CaptureQueriesContext(connection) as found:
            assert listed(dana, webhook, **query).status_code == 200
        return len(found)

    for number in range(10):
        failed(webhook, now - timedelta(minutes=number), attempts=2)
    asked = [{}, {"status": "failed", "code": "5xx", "event": "tender.created"}]
    queries()  # The first request of a session asks more.
    few = [queries(**query) for query in asked]
    for number in range(490):
        (delivered, failed)[number % 2](webhook, now - timedelta(minutes=number))

    assert [queries(**query) for query in asked] == few
    assert max(few) <= 12 - (connection.vendor == "sqlite")


def test_a_delivery_of_very_many_attempts_is_one_row(dana, webhook, now):
    delivery = failed(webhook, now, attempts=0)
    make_many_attempts(delivery, count=500)

    (row,) = listed(dana, webhook).context["rows"]

    assert row.entry.attempt.sequence == 500


# --- Live ---------------------------------------------------------------------------


def test_who_asks_again_gets_nothing_until_there_is_something_new(dana, webhook, now):
    delivery = retrying(webhook, now)
    response = listed(dana, webhook, live="1")
    mark = response.context["mark"]

    def ask():
        address = page("webhook_deliveries", webhook)
        return dana.get(address, {"live": "1", "mark": mark}, headers=HTMX)

    assert ask().status_code == 204
    Delivery.objects.filter(pk=delivery.pk).update(
        state=State.SUCCEEDED, due_at=None, ended_at=now
    )
    answer = ask()

    assert answer.status_code == 200
    assert answer.content.decode().lstrip().startswith('<div id="live"')
    assert "Delivered" in answer.content.decode()


def test_only_a_live_list_asks_again(dana, webhook):
    assert "every 5s" not in listed(dana, webhook).content.decode()
    assert "every 5s" in listed(dana, webhook, live="1").content.decode()


# --- Export -------------------------------------------------------------------------


def export_url(webhook, form):
    list_of_all = page("webhook_deliveries", webhook)
    return f"{list_of_all}export.{form}"


def exported(browser, webhook, form, **query):
    response = browser.get(export_url(webhook, form), query)
    assert response.status_code == 200
    return response, b"".join(response.streaming_content).decode()


def test_a_csv_has_the_filtered_rows_alone(dana, webhook, now):
    wanted = failed(webhook, now, attempts=3)
    delivered(webhook, now)

    response, text = exported(dana, webhook, "csv", status="failed")

    (row,) = csv.DictReader(io.StringIO(text))
    assert row["DeliveryId"] == wanted.public_id
    assert (row["Status"], row["HttpStatusCode"]) == ("failed", "503")
    assert row["AttemptNumber"] == "3"
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Disposition"].startswith(
        f'attachment; filename="deliveries-{webhook.public_id}-'
    )


def test_no_cell_is_one_that_a_spreadsheet_runs(dana, webhook, now):
    for number, start in enumerate("=+-@\t\r"):
        outcome = outcome_of("dns", f"{start}cmd|' /C calc'!A0")
        failed(webhook, now - timedelta(minutes=number), outcome=outcome)

    _, text = exported(dana, webhook, "csv")

    cells = [row["ErrorMessage"] for row in csv.DictReader(io.StringIO(text, ""))]
    assert cells == [f"'{start}cmd|' /C calc'!A0" for start in "=+-@\t\r"]


def test_a_json_has_all_that_match_over_several_batches(dana, webhook, now):
    for minutes in range(520):
        make_delivery(webhook, created_at=now - timedelta(minutes=minutes))
    make_delivery(webhook, created_at=now, state=State.SKIPPED)

    _, text = exported(dana, webhook, "json", status="queued")

    rows = json.loads(text)
    assert len({row["DeliveryId"] for row in rows}) == len(rows) == 520
    assert {row["Status"] for row in rows} == {"pending"}


def test_an_export_is_written_down(dana, webhook):
    exported(dana, webhook, "csv")

    event = AuditEvent.objects.get(action="export.downloaded")
    assert (event.actor_name, event.object_id) == ("dana", webhook.public_id)
    assert event.object_name.endswith(".csv")


def test_a_form_that_there_is_not_is_not_found(dana, webhook):
    assert dana.get(export_url(webhook, "xml")).status_code == 404


# --- Who may see it -----------------------------------------------------------------


def test_globex_sees_nothing_of_it(globex, webhook, now):
    eve = browser_of(globex, name="eve")
    delivery = failed(webhook, now)
    mine = make_webhook(globex)

    assert listed(eve, webhook).status_code == 404
    assert eve.get(export_url(webhook, "csv")).status_code == 404
    assert shown(eve, mine, q=delivery.public_id) == []
    assert shown(eve, mine, q=delivery.event.public_id) == []


def test_support_sees_both_tenants(acme, globex, webhook, now):
    sam = browser_of(name="sam")
    theirs = make_webhook(globex)

    assert shown(sam, webhook, q=delivered(webhook, now).public_id)
    assert shown(sam, theirs, q=delivered(theirs, now).public_id)
