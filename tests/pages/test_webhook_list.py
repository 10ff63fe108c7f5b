"""Settings → Webhooks: order, numbers, filters, files, and how many queries."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deliveries.models import Attempt, Delivery
from subscriptions.models import AuditEvent, Subsidiary, Webhook
from tests.builders import make_attempt, make_delivery, make_webhook
from tests.pages.conftest import address, told

LIST = "webhooks"


def history(webhook, *, good, bad, hours_ago=1):
    at = timezone.now() - timedelta(hours=hours_ago)
    for number in range(good + bad):
        failed = {"status": Attempt.Status.FAILED, "status_code": 500}
        delivery = make_delivery(webhook, state=Delivery.State.SUCCEEDED)
        make_attempt(
            delivery,
            started_at=at,
            duration_ms=100,
            **(failed if number < bad else {}),
        )


def names(response):
    return [row.webhook.name for row in response.context["rows"]]


def test_the_worst_come_first_and_those_without_events_last(admin, acme):
    make_webhook(acme, name="Idle")
    for name, good, bad in [("Fine", 4, 0), ("Dead", 0, 3), ("Shaky", 3, 1)]:
        history(make_webhook(acme, name=name), good=good, bad=bad)

    page = admin.get(address(LIST))

    assert names(page) == ["Dead", "Shaky", "Fine", "Idle"]
    rates = [row.success_rate for row in page.context["rows"]]
    assert rates == [0, 75, 100, None]
    assert [row.is_bad for row in page.context["rows"]] == [True, True, False, False]


def test_what_is_older_than_a_day_does_not_count(admin, acme):
    history(make_webhook(acme, name="Was bad"), good=0, bad=2, hours_ago=30)
    history(make_webhook(acme, name="Is shaky"), good=1, bad=1)

    assert names(admin.get(address(LIST))) == ["Is shaky", "Was bad"]


def test_segments_count_what_the_database_counts(admin, acme, globex):
    for status in ["Active", "Active", "Pending", "Disabled"]:
        make_webhook(acme, status=status)
    make_webhook(globex)

    context = admin.get(address(LIST, status="Active")).context

    assert [(str(each.label), each.count) for each in context["segments"]] == [
        ("All", 4),
        ("Active", 2),
        ("Pending", 1),
        ("Disabled", 1),
    ]
    assert len(context["rows"]) == 2
    assert [each.is_chosen for each in context["segments"]] == [
        False,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("query", ["ware", "WARE", "hooks.acme", "id"])
def test_a_search_finds_by_name_url_and_id(admin, acme, query):
    found = make_webhook(acme, name="Warehouse", url="https://hooks.acme.example/in")
    make_webhook(acme, name="Other")

    page = admin.get(address(LIST, q=found.public_id if query == "id" else query))

    assert names(page) == ["Warehouse"]


@pytest.mark.parametrize("name", ["q", "tenant", "status", "page"])
def test_odd_words_in_the_address_break_nothing(support, webhook, name):
    for odd in ("\0", "%", "\ud83d", "x" * 5000, "-1"):
        answer = support.get(address(LIST), {name: odd.encode("utf-8", "replace")})

        assert answer.status_code == 200


def test_nothing_that_matches_is_said_and_can_be_cleared(admin, webhook):
    html = admin.get(address(LIST, q="nowhere")).content.decode()

    assert "No webhooks match" in html
    assert "Clear filters" in html


def test_who_has_none_is_told_how_to_begin(admin):
    html = admin.get(address(LIST)).content.decode()

    assert "Get events on your own server" in html
    assert address("webhook_new") in html


def test_only_those_of_the_chosen_subsidiary_are_shown(admin, acme):
    west = Subsidiary.objects.create(tenant=acme, code="WEST", name="West")
    make_webhook(acme, name="Main's")
    make_webhook(acme, name="West's", subsidiary=west)
    switch = address("choose_subsidiary")

    answer = admin.post(switch, {"subsidiary": "WEST", "next": address(LIST)})

    assert answer.url == address(LIST)
    assert names(admin.get(address(LIST))) == ["West's"]

    admin.post(switch, {"subsidiary": "", "next": "https://evil.example/"})
    assert names(admin.get(address(LIST))) == ["Main's", "West's"]


def test_a_subsidiary_of_globex_chooses_nothing(admin, acme, globex):
    Subsidiary.objects.create(tenant=globex, code="THEIRS", name="Theirs")
    make_webhook(acme, name="Main's")

    admin.post(address("choose_subsidiary"), {"subsidiary": "THEIRS"})

    assert names(admin.get(address(LIST))) == ["Main's"]


def test_globex_sees_nothing_of_acme(globexs, webhook):
    page = globexs.get(address(LIST, q=webhook.public_id))

    assert names(page) == []
    assert webhook.name not in globexs.get(address(LIST)).content.decode()
    assert names(globexs.get(address(LIST, tenant="ACME"))) == []


def test_support_sees_all_tenants_and_can_choose_one(support, acme, globex):
    make_webhook(acme, name="Ours")
    make_webhook(globex, name="Theirs")

    assert names(support.get(address(LIST))) == ["Ours", "Theirs"]
    assert names(support.get(address(LIST, tenant="GLOBEX"))) == ["Theirs"]


def test_the_page_takes_as_many_queries_for_many_as_for_few(admin, acme, settings):
    settings.WEBHOOKS_MAX_WEBHOOKS = 1000
    first = make_webhook(acme)
    history(first, good=2, bad=1)
    for _ in range(9):
        make_webhook(acme)

    few = queries(admin)
    template = Webhook.objects.values().get(pk=first.pk)
    for name in ("id", "uid", "name"):
        del template[name]
    Webhook.objects.bulk_create(
        Webhook(**template, name=f"Copy {number}") for number in range(490)
    )
    many = queries(admin)

    assert few == many
    assert few <= 12


def queries(client):
    with CaptureQueriesContext(connection) as found:
        assert client.get(address(LIST)).status_code == 200
    return len(found)


def test_a_page_holds_fifty_and_leads_to_the_next(admin, acme, settings):
    settings.WEBHOOKS_MAX_WEBHOOKS = 1000
    for number in range(51):
        make_webhook(acme, name=f"Hook {number:02}")

    assert len(names(admin.get(address(LIST)))) == 50
    assert names(admin.get(address(LIST, page=2))) == ["Hook 50"]
    assert len(names(admin.get(address(LIST, page="x")))) == 50


# --- Files --------------------------------------------------------------------------


def export(client, form, **query):
    from urllib.parse import urlencode

    from django.urls import reverse

    path = reverse("admin:webhooks_export", args=[form])
    answer = client.get(f"{path}?{urlencode(query)}")
    return answer, b"".join(answer.streaming_content).decode()


def test_the_file_has_what_the_filters_leave_and_no_formula(admin, acme, globex):
    make_webhook(acme, name="=1+1")
    make_webhook(acme, name="Pending one", status="Pending")
    make_webhook(globex, name="Theirs")

    answer, text = export(admin, "csv", status="Active")

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["Name"], row["Status"]) for row in rows] == [("'=1+1", "Active")]
    assert answer["Content-Disposition"] == 'attachment; filename="webhooks.csv"'
    assert AuditEvent.objects.filter(action="export.downloaded").count() == 1


def test_the_file_in_json_holds_the_same(admin, acme):
    history(make_webhook(acme, name="Fine"), good=1, bad=0)

    _, text = export(admin, "json")

    (row,) = json.loads(text)
    assert (row["Name"], row["SuccessRate24h"], row["Events"]) == ("Fine", 100, 1)


# --- Several at once ----------------------------------------------------------------


def bulk(client, act, *webhooks, **more):
    chosen = [each.public_id for each in webhooks]
    form = {"act": act, "webhook": chosen} | more
    return client.post(address("webhooks_bulk"), form, follow=True)


def test_several_are_disabled_after_a_question(admin, acme):
    some = [make_webhook(acme), make_webhook(acme)]

    asked = bulk(admin, "disable", *some)
    assert "2 webhooks get no events from now on:" in asked.content.decode()
    assert Webhook.objects.filter(status="Disabled").count() == 0

    done = bulk(admin, "disable", *some, confirmed="yes")
    assert told(done) == ["2 webhooks are disabled."]
    assert Webhook.objects.filter(status="Disabled").count() == 2


def test_several_are_enabled_at_once(admin, acme):
    webhook = make_webhook(acme, status="Disabled")

    assert told(bulk(admin, "enable", webhook)) == ["1 webhook is enabled."]

    webhook.refresh_from_db()
    assert webhook.verification_due_at is not None


def test_support_enables_none(support, acme):
    webhook = make_webhook(acme, status="Disabled")

    assert bulk(support, "enable", webhook).status_code == 403

    webhook.refresh_from_db()
    assert webhook.verification_due_at is None


def test_globexs_choice_of_acmes_webhooks_chooses_nothing(globexs, webhook):
    done = bulk(globexs, "disable", webhook, confirmed="yes")

    assert told(done) == ["No webhook was chosen."]
    webhook.refresh_from_db()
    assert webhook.status == "Active"


def test_words_that_are_no_ids_choose_nothing(admin, webhook):
    answer = admin.post(
        address("webhooks_bulk"),
        {"act": "disable", "webhook": ["x", "whk_y"]},
        follow=True,
    )

    assert told(answer) == ["No webhook was chosen."]


def test_beside_the_status_stands_whether_the_url_was_verified(admin, acme):
    """In the words of the reference system: profiles.md, X2."""
    found = Webhook.objects.filter
    now = timezone.now()
    connected = make_webhook(acme, name="Fine")
    found(pk=connected.pk).update(verified_at=now)
    failed = make_webhook(acme, name="Mute", status="Pending")
    found(pk=failed.pk).update(verification_error="The answer had status 404.")
    make_webhook(acme, name="New", status="Pending")

    rows = re.findall(r"(?s)<tr>.*?</tr>", admin.get(address(LIST)).text)
    said = {
        name: {word for word in ("Connected", "Failed to verify") if word in row}
        for name in ("Fine", "Mute", "New")
        for row in rows
        if f">{name}<" in row
    }
    header = admin.get(address("webhook_overview", connected)).text

    assert said == {"Fine": {"Connected"}, "Mute": {"Failed to verify"}, "New": set()}
    assert "Connected" in header
