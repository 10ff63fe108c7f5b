"""Settings → Audit log: whose rows, which filters, page by page, as a file."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.audit import Action
from subscriptions.models import AuditEvent
from subscriptions.pages.audit_words import ACTIONS

PAGE = "/admin/settings/audit/"
DAY = datetime(2025, 11, 20, 12, tzinfo=UTC)


def note(tenant, **overrides):
    fields = {
        "action": "webhook.updated",
        "actor_kind": "person",
        "actor_name": "dana",
        "object_kind": "webhook",
        "object_id": "whk_1",
        "object_name": "Orders",
        "created_at": DAY,
    } | overrides
    return AuditEvent.objects.create(tenant=tenant, **fields)


def shown(client, **query):
    response = client.get(PAGE, query)
    assert response.status_code == 200
    return [row.event for row in response.context["rows"]], response


def test_each_act_has_words():
    assert ACTIONS.keys() == set(Action)


def test_a_change_stands_there_with_both_sides_address_and_request(admin, acme):
    note(
        acme,
        changes={"Name": {"Before": "Old <b>", "After": "New"}},
        address="192.0.2.7",
        request_id="req-7",
    )

    html = admin.get(PAGE, {"object": "whk_1"}).content.decode()

    for part in ("dana", "Webhook changed", "Orders", "Old &lt;b&gt;", "New"):
        assert part in html
    for part in ("192.0.2.7", "req-7", "webhook.updated", "1 change"):
        assert part in html
    assert 'title="2025-11-20 12:00:00 UTC"' in html


def test_globex_sees_its_own_log_alone(globexs, admin, acme, globex):
    ours, theirs = note(acme), note(globex)

    assert theirs not in shown(admin, object="whk_1")[0]
    assert ours not in shown(globexs, object="whk_1")[0]
    assert "ACME" not in globexs.get(PAGE).content.decode()


def test_support_sees_all_and_whose_they_are(support, acme, globex):
    note(acme), note(globex)

    events, response = shown(support, object="whk_1")
    of_globex, _ = shown(support, object="whk_1", tenant="GLOBEX")

    assert len(events) == 2
    assert "<td" in response.content.decode()
    assert [event.tenant for event in of_globex] == [globex]


def test_a_tenant_cannot_ask_for_another(admin, acme, globex):
    note(globex)

    assert shown(admin, object="whk_1", tenant="GLOBEX")[0] == []


def test_an_engineer_sees_no_audit_log(engineer):
    assert engineer.get(PAGE).status_code == 403
    assert engineer.get(f"{PAGE}export.csv").status_code == 403
    assert "Audit log" not in engineer.get("/admin/settings/webhooks/").content.decode()


def test_filters_narrow_by_who_what_object_and_period(admin, acme):
    asked = note(acme, actor_name="CRM", action="secret.revealed", object_id="whk_9")
    note(acme), note(acme, object_id="whk_9", created_at=DAY + timedelta(days=2))

    assert asked in shown(admin, actor="crm", action="secret.revealed")[0]
    for query in (
        {"actor": "CRM"},
        {"action": "secret.revealed"},
        {"object": "whk_9", "until": "2025-11-20"},
        {"object": "whk_9", "since": "2025-11-20", "until": "2025-11-21"},
    ):
        assert shown(admin, **query)[0] == [asked], query


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"since": "yesterday"}, "Enter a valid date."),
        (
            {"since": "2025-11-21", "until": "2025-11-20"},
            "This must not be before the first day.",
        ),
        ({"action": "nothing"}, "Select a valid choice."),
        ({"actor": "\0"}, "Null characters are not allowed."),
    ],
)
def test_a_filter_that_is_wrong_is_said_and_breaks_nothing(
    admin, acme, query, sentence
):
    assert sentence in admin.get(PAGE, query).content.decode()


def test_nothing_matches_is_said_with_a_way_out(admin):
    html = admin.get(PAGE, {"actor": "nobody"}).content.decode()

    assert "Nothing in the audit log matches" in html
    assert f'href="{PAGE}">Clear filters' in html


def test_pages_hold_still_while_rows_arrive(admin, acme):
    events = [note(acme, object_id="many") for _ in range(120)][::-1]
    query = {"object": "many"}

    first, response = shown(admin, **query)
    note(acme, object_id="many")
    second = admin.get(PAGE + response.context["older"])
    third = admin.get(PAGE + second.context["older"])
    back = admin.get(PAGE + third.context["newer"])

    assert first == events[:50]
    assert [row.event for row in second.context["rows"]] == events[50:100]
    assert [row.event for row in third.context["rows"]] == events[100:]
    assert not third.context["older"]
    assert [row.event for row in back.context["rows"]] == events[50:100]


def test_a_foreign_place_in_the_list_is_as_unknown_as_any(admin, acme, globex):
    theirs = note(globex).public_id

    foreign, made_up = (
        shown(admin, before=place)[0] for place in (theirs, "aud_nobody")
    )

    assert foreign == made_up


def test_fifty_rows_take_as_many_queries_as_one(admin, acme):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            shown(admin)
        return len(asked)

    before = queries()
    for _ in range(60):
        note(acme, changes={"Name": {"Before": "a", "After": "b"}})

    assert queries() == before <= 12


def test_a_file_has_the_filtered_rows_only_and_runs_in_no_spreadsheet(admin, acme):
    note(acme, actor_name="=SUM(1)", object_id="whk_9")
    note(acme)

    response = admin.get(f"{PAGE}export.csv", {"object": "whk_9"})
    _head, *rows = csv.reader(io.StringIO(b"".join(response).decode()))
    as_json = json.loads(
        b"".join(admin.get(f"{PAGE}export.json", {"object": "whk_9"})).decode()
    )

    assert "no-store" in response["Cache-Control"]
    assert [row[4] for row in rows] == ["'=SUM(1)"]
    assert [item["Object"]["Id"] for item in as_json] == ["whk_9"]


def test_an_export_is_recorded_with_the_person(admin, acme):
    list(admin.get(f"{PAGE}export.json"))

    newest = AuditEvent.objects.order_by("-id").first()
    assert (newest.action, newest.actor_name) == ("export.downloaded", "dana")
    assert newest.tenant == acme


def test_another_format_is_nowhere(admin):
    assert admin.get(f"{PAGE}export.xml").status_code == 404
