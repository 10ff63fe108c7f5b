"""Notification rules on their pages: made, changed, tested, switched, deleted, seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from deliveries.models import Delivery, NotificationRule
from deliveries.notifications.ready_made import READY_MADE
from deliveries.notifications.rules import CHANGED
from deliveries.notifications.sentences import message_of
from deliveries.policy.failure_texts import KINDS
from subscriptions.models import AuditEvent
from tests.builders import (
    make_delivery,
    make_incident,
    make_rule,
    make_webhook,
)
from tests.people import make_person

LIST = "/admin/settings/notifications/"
COUNT = "6"  # Of the ready-made ones.


@pytest.fixture
def dana(client, acme):
    person = make_person("dana", acme)
    person.email = "dana@example.com"
    person.save()
    client.force_login(person)
    client.get(reverse("admin:webhooks"))
    return client


@pytest.fixture
def nobodys(acme):
    """A tenant has some rules from its beginning; here it has none."""
    NotificationRule.objects.all().delete()


def page(name, rule):
    return reverse(f"admin:{name}", args=[rule.public_id])


def text_of(response):
    return " ".join(response.content.decode().split())


def acts():
    return list(AuditEvent.objects.order_by("id").values_list("action", "actor_name"))


def form_of(response, **changes):
    """What the form says as it is shown, with *changes*."""
    form = response.context["form"]
    said = {}
    for field in form:
        value = field.value()
        if value is None or value is False:
            continue
        if field.name == "payload":
            said["payload_path"] = [row.path for row in field.entry.rows]
            said["payload_values"] = [row.values for row in field.entry.rows]
            continue
        rows = value if isinstance(value, list) else [value]
        plain = [getattr(row, "pk", row) for row in rows]
        said[field.html_name] = plain if isinstance(value, list) else plain[0]
    return said | changes


@pytest.mark.parametrize("place", range(len(READY_MADE)))
def test_each_ready_made_rule_can_be_added_as_it_is(dana, nobodys, place):
    address = f"{LIST}new/?from={place}"
    shown = dana.get(address)

    response = dana.post(address, form_of(shown))

    rule = NotificationRule.objects.get()
    body = READY_MADE[place]["Rule"]
    assert response.url == page("rule", rule)
    assert (rule.name, rule.kind) == (body["Name"], body["Kind"])
    assert rule.threshold == body.get("Threshold", 1)
    assert rule.window_minutes == body.get("WindowMinutes", 60)
    assert rule.statuses == body.get("Status", [])
    assert acts()[-1] == ("rule.created", "dana")


def test_a_rule_is_added_as_the_form_says(dana, nobodys, acme):
    webhook = make_webhook(acme)
    address = f"{LIST}new/?from={COUNT}"
    person = dana.get(LIST).wsgi_request.user
    said = form_of(
        dana.get(address),
        name="Ten",
        threshold="10",
        window_minutes="90",
        statuses=["timeout"],
        event_types=["tender.created"],
        webhook=webhook.pk,
        recipients=[person.pk],
        repeats_each_window="on",
    )

    dana.post(address, said)

    rule = NotificationRule.objects.get()
    assert (rule.name, rule.threshold, rule.window_minutes) == ("Ten", 10, 90)
    assert (rule.statuses, rule.event_types) == (["timeout"], ["tender.created"])
    assert (rule.webhook, rule.repeats_each_window) == (webhook, True)
    assert list(rule.recipients.all()) == [person]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"threshold": "-1"}, "This must not be less than 0."),
        ({"window_minutes": "4"}, "greater than or equal to 5"),
        ({"statuses": ["odd"]}, "odd is not one of the available choices."),
        ({"webhook": "0"}, "not one of the available choices"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(dana, nobodys, changes, said):
    address = f"{LIST}new/?from={COUNT}"

    response = dana.post(address, form_of(dana.get(address), **changes))

    assert said in text_of(response)
    assert NotificationRule.objects.count() == 0


CONDITIONS = {
    "payload_path": ["data.status", "data.load.weight"],
    "payload_values": ["Denied, 12", '"12"'],
}


def test_conditions_are_those_of_a_webhooks_filter(dana, nobodys):
    address = f"{LIST}new/?from={COUNT}"

    made = dana.post(address, form_of(dana.get(address), **CONDITIONS))

    rule = NotificationRule.objects.get()
    assert rule.payload == {"data.status": ["Denied", 12], "data.load.weight": ["12"]}
    assert (
        "<code>data.status</code> is <code>Denied, 12</code><br>"
        "<code>data.load.weight</code> is <code>&quot;12&quot;</code>"
    ) in text_of(dana.get(made.url))
    shown = text_of(dana.get(page("rule_edit", rule)))
    assert 'name="payload_path" value="data.load.weight"' in shown


def test_conditions_can_be_taken_away_again(dana, acme):
    rule = make_rule(acme, kind="Count", payload={"data.x": ["1"]})
    shown = form_of(dana.get(page("rule_edit", rule)))

    dana.post(page("rule_edit", rule), shown | {"payload_path": []})

    rule.refresh_from_db()
    assert rule.payload == {}


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"payload_path": ["data.x"]}, "A condition needs a path and a value."),
        ({"payload_json": "{"}, "This is not JSON."),
        (
            {"payload_json": '{"data..": [1]}'},
            "&#x27;data..&#x27; is not a path, such as &#x27;data.status&#x27;.",
        ),
    ],
)
def test_conditions_that_make_no_sense_are_refused(dana, nobodys, entered, said):
    address = f"{LIST}new/?from={COUNT}"
    entered = {"payload_values": [""]} | entered

    response = dana.post(address, form_of(dana.get(address), **entered))

    assert said in text_of(response)
    assert NotificationRule.objects.count() == 0


def test_a_kind_that_looks_at_no_payload_offers_no_conditions(dana, acme):
    rule = make_rule(acme, kind="OldestWaiting")

    assert "payload_path" not in text_of(dana.get(page("rule_edit", rule)))


def test_another_word_for_a_ready_made_rule_shows_the_choice(dana):
    for odd in ("", "99", "x", "\0"):
        response = dana.get(f"{LIST}new/", {"from": odd})
        assert len(response.context["ready_made"]) == len(READY_MADE)
        assert dana.post(f"{LIST}new/?from={odd}").status_code == 404


def test_a_rule_is_changed_by_its_form_and_only_where_it_says_so(dana, acme):
    rule = make_rule(acme, kind="Count", payload={"data.x": ["1"]}, threshold=3)

    shown = dana.get(page("rule_edit", rule))
    response = dana.post(page("rule_edit", rule), form_of(shown, threshold="5"))

    rule.refresh_from_db()
    assert response.url == page("rule", rule)
    assert (rule.threshold, rule.payload) == (5, {"data.x": ["1"]})
    last = AuditEvent.objects.latest("id")
    assert last.action == "rule.updated"
    assert last.changes == {"Threshold": {"Before": 3.0, "After": 5.0}}


def test_saving_a_form_as_it_is_changes_nothing(dana, acme):
    rule = make_rule(acme)

    dana.post(page("rule_edit", rule), form_of(dana.get(page("rule_edit", rule))))

    rule.refresh_from_db()
    assert rule.revision == 1


def test_a_rule_is_switched_off_and_on(dana, acme):
    rule = make_rule(acme)
    for said, is_on in (("0", False), ("1", True)):
        dana.post(page("rule_switch", rule), {"is_enabled": said})
        rule.refresh_from_db()
        assert rule.is_enabled is is_on


def test_a_rule_is_deleted_after_a_question(dana, acme):
    rule = make_rule(acme, name="Old one")

    asked = dana.get(page("rule_delete", rule))
    assert "Old one" in text_of(asked)
    assert NotificationRule.objects.of(acme).filter(pk=rule.pk).exists()
    response = dana.post(page("rule_delete", rule))

    assert response.url == LIST
    assert not NotificationRule.objects.of(acme).filter(pk=rule.pk).exists()
    assert dana.get(page("rule", rule)).status_code == 404
    assert acts()[-1] == ("rule.deleted", "dana")


@pytest.mark.parametrize("headers", [{}, {"HTTP_HX_REQUEST": "true"}])
def test_testing_a_rule_says_what_it_would_find_now(dana, acme, headers):
    rule = make_rule(acme, threshold=60)
    quiet = dana.post(page("rule_test", rule), **headers)
    created = timezone.now() - timedelta(hours=2)
    make_delivery(make_webhook(acme), created_at=created)

    loud = dana.post(page("rule_test", rule), **headers)

    assert "The rule would not alert now." in text_of(quiet)
    assert "The rule would alert now." in text_of(loud)
    assert "A test mail goes to 1 person." in text_of(loud)


def test_the_list_shows_what_is_open_first(dana, nobodys, acme):
    make_rule(acme, name="Calm")
    loud = make_rule(acme, name="Loud")
    make_rule(acme, name="Asleep", is_enabled=False)
    make_incident(loud)

    response = dana.get(LIST)

    names = [rule.name for rule, _words in response.context["rows"]]
    assert names == ["Loud", "Asleep", "Calm"]
    assert "1 open" in text_of(response)


def test_without_rules_the_list_leads_to_the_first(dana, nobodys):
    response = dana.get(LIST)

    assert "No rules yet" in text_of(response)


def test_the_link_of_a_mail_leads_to_the_deliveries_it_is_about(dana, acme):
    rule, webhook = make_rule(acme), make_webhook(acme)
    bad = make_delivery(webhook)
    make_delivery(webhook, state=Delivery.State.SUCCEEDED)
    incident = make_incident(rule, webhook=webhook)

    response = dana.get(f"/admin/incidents/{incident.token}/")

    assert [row.delivery for row in response.context["rows"]] == [bad]
    assert f"{bad.public_id}/" in text_of(response)
    assert (
        reverse("admin:webhook_deliveries", args=[webhook.public_id])
        in (response.context["log"])
    )


def test_the_support_has_no_rules(client, acme):
    rule, incident = make_rule(acme), make_incident(make_rule(acme))
    client.force_login(make_person("sam"))

    for address in (
        LIST,
        f"{LIST}new/",
        page("rule", rule),
        page("rule_edit", rule),
        f"/admin/incidents/{incident.token}/",
    ):
        assert client.get(address).status_code == 403
    assert client.post(page("rule_delete", rule)).status_code == 403


def test_globex_finds_nothing_here(client, acme, globex):
    rule, webhook = make_rule(acme), make_webhook(acme)
    incident = make_incident(rule)
    client.force_login(make_person("greta", globex))

    for name in ("rule", "rule_edit", "rule_delete"):
        assert client.get(page(name, rule)).status_code == 404
    for name in ("rule_edit", "rule_delete", "rule_switch", "rule_test"):
        assert client.post(page(name, rule), {"is_enabled": "0"}).status_code == 404
    for token in (incident.token, "none", "%00"):
        assert client.get(f"/admin/incidents/{token}/").status_code == 404
    assert webhook.name not in text_of(client.get(f"{LIST}new/?from={COUNT}"))
    assert rule.name not in text_of(client.get(LIST))
    rule.refresh_from_db()
    assert (rule.deleted_at, rule.is_enabled, rule.revision) == (None, True, 1)


@pytest.mark.parametrize("count", [2, 40])
def test_pages_of_rules_take_few_queries_however_many_there_are(
    dana, nobodys, acme, count
):
    rules = [make_rule(acme) for _ in range(count)]
    for _ in range(count):
        make_incident(rules[0], resolved_at=timezone.now())

    for address in (LIST, page("rule", rules[0])):
        with CaptureQueriesContext(connection) as asked:
            dana.get(address)
        assert len(asked) <= 12, address


def test_the_reasons_of_failures_are_chosen_in_the_form(dana, nobodys):
    address = f"{LIST}new/?from={COUNT}"
    shown = dana.get(address)

    made = dana.post(address, form_of(shown, error_kinds=["timeout", "tls"]))

    rule = NotificationRule.objects.get()
    assert rule.error_kinds == ["timeout", "tls"]
    assert "Certificate not trusted" in text_of(shown)
    facts = dict(dana.get(made.url).context["facts"])
    assert (
        facts["Reason of the failure"] == "No answer in time, Certificate not trusted"
    )


def test_the_form_offers_each_error_kind_of_the_api(dana):
    form = dana.get(f"{LIST}new/?from={COUNT}").context["form"]

    offered = {name for name, _label in form.fields["error_kinds"].choices}

    assert offered == KINDS


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"error_kinds": ["http_5xx"]},
            "http_5xx is not one of the available choices.",
        ),
        (
            {"metric": "Events", "statuses": [], "error_kinds": ["dns"]},
            "An event has none of its own: count deliveries.",
        ),
    ],
)
def test_reasons_that_make_no_sense_are_refused(dana, nobodys, changes, said):
    address = f"{LIST}new/?from={COUNT}"

    response = dana.post(address, form_of(dana.get(address), **changes))

    assert said in text_of(response)
    assert NotificationRule.objects.count() == 0


def test_reasons_that_were_chosen_by_the_api_stay(dana, acme):
    rule = make_rule(acme, kind="Count", error_kinds=["dns"])

    shown = dana.get(page("rule_edit", rule))
    dana.post(page("rule_edit", rule), form_of(shown, threshold="5"))

    rule.refresh_from_db()
    assert (rule.threshold, rule.error_kinds) == (5, ["dns"])


def test_event_types_that_are_chosen_stand_first(dana, acme):
    chosen = ["load.changed", "trip.changed"]
    rule = make_rule(acme, kind="Count", event_types=chosen)

    form = dana.get(page("rule_edit", rule)).context["form"]

    names = [name for name, _label in form.fields["event_types"].choices]
    assert names[:2] == chosen
    assert names[2:] == sorted(set(names) - set(chosen))


def test_the_page_says_in_words_when_a_rule_alerts(dana, acme):
    rule = make_rule(
        acme,
        kind="Percent",
        statuses=["failed", "timeout"],
        event_types=["load.changed"],
        threshold=12.5,
        minimum_volume=20,
        window_minutes=120,
    )

    assert dana.get(page("rule", rule)).context["facts"] == [
        ("Kind", "Share of deliveries"),
        ("Count", "Deliveries"),
        ("Result", "Failed, Timed out"),
        ("Event types", "load.changed"),
        ("Percent", "At least 12.5"),
        ("Only from so many", "20"),
        ("Period", "2 hours"),
    ]


@pytest.mark.parametrize(
    ("threshold", "shown", "said"),
    [
        (10.0, 10, "At least 10"),
        (0.25, 0.25, "At least 0.25"),
        (12345678.0, 12345678, "At least 12345678"),
    ],
)
def test_a_number_is_shown_as_it_was_entered(dana, acme, threshold, shown, said):
    rule = make_rule(acme, kind="Count", threshold=threshold)

    form = dana.get(page("rule_edit", rule)).context["form"]

    assert str(form["threshold"].value()) == str(shown)
    assert ("Number", said) in dana.get(page("rule", rule)).context["facts"]


def test_a_rule_without_numbers_shows_none(dana, acme):
    rule = make_rule(acme, kind="WebhookDisabled")

    facts = dana.get(page("rule", rule)).context["facts"]

    assert facts == [("Kind", "Webhook disabled")]


def test_incidents_speak_the_language_of_who_reads_them(dana, acme):
    webhook = make_webhook(acme)
    rule = make_rule(acme, kind="NoSuccessFor", webhook=webhook, window_minutes=60)
    told = message_of(rule, 7)
    incident = make_incident(
        rule, message=told, resolved_at=timezone.now(), resolution=CHANGED
    )
    open_one = make_incident(rule, message=told)
    spanish = {"Accept-Language": "es"}
    said = "Ninguna entrega tuvo éxito en 1 hora; fallaron 7."

    pages = [
        f"/admin/incidents/{incident.token}/",
        page("rule", rule),
        reverse("admin:webhook_overview", args=[webhook.public_id]),
    ]

    for address in pages:
        assert said in text_of(dana.get(address, headers=spanish))
        assert told in text_of(dana.get(address))
    assert "La regla se cambió." in text_of(dana.get(pages[0], headers=spanish))
    open_one.refresh_from_db()
    assert open_one.message == told
