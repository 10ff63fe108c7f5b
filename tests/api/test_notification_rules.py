"""Notification rules over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django_q.models import OrmQ

from deliveries import tasks
from deliveries.models import Incident, NotificationRule
from deliveries.notifications.incidents import resolve_all_of
from deliveries.notifications.ready_made import READY_MADE
from deliveries.queue import MAIL_RULE_TEST
from subscriptions.clock import database_time
from subscriptions.models import AuditEvent, Subsidiary, User
from tests.builders import make_delivery, make_incident, make_rule, make_webhook

KEYS = [
    *("Id", "Name", "Description", "Enabled", "Kind", "SubsidiaryId", "WebhookId"),
    *("Metric", "EventType", "Status", "ErrorKind", "Data", "Comparison"),
    *("Threshold", "MinimumVolume", "Baseline", "WindowMinutes", "Recipients"),
    *("RepeatEachWindow", "IsDefault", "CreatedAt", "CreatedBy", "UpdatedAt"),
    *("UpdatedBy", "ETag"),
]


def wanted(**overrides):
    return {
        "Name": "Many failures",
        "Kind": "Count",
        "Status": ["failed", "timeout"],
        "Threshold": 20,
        "WindowMinutes": 30,
    } | overrides


@pytest.fixture
def dana(acme):
    address = "dana@example.com"
    return User.objects.create(username="dana", email=address, tenant=acme)


def address(rule):
    return f"/notification-rules/{rule.public_id}"


def mine(tenant):
    return NotificationRule.objects.of(tenant)


def test_a_rule_is_created_as_it_was_asked_for(api, acme, webhook, dana):
    asked = wanted(
        WebhookId=webhook.public_id,
        EventType=["tender.created"],
        ErrorKind=["disabled", "interrupted", "timeout"],
        Data={"data.status": ["Denied", 1, True]},
        Recipients=["dana"],
        RepeatEachWindow=True,
    )

    response = api.post("/notification-rules", asked)

    shown, rule = response.json(), mine(acme).get()
    assert response.status_code == 201
    assert list(shown) == KEYS
    assert {name: shown[name] for name in asked} == asked
    assert (shown["Id"], shown["ETag"]) == (rule.public_id, rule.etag)
    assert response["ETag"] == rule.etag
    assert response["Location"].endswith(f"/notification-rules/{rule.public_id}")
    assert api.get(address(rule)).json() == shown
    recorded = AuditEvent.objects.get(action="rule.created")
    assert (recorded.object_id, recorded.actor_name) == (rule.public_id, "CRM")
    assert recorded.changes["Recipients"] == {"Before": None, "After": ["dana"]}


@pytest.mark.parametrize(
    "ready_made", READY_MADE, ids=lambda each: each["Rule"]["Name"]
)
def test_what_is_ready_made_can_be_created(api, acme, ready_made):
    shown = api.get("/notification-rules/ready-made").json()["Items"]

    response = api.post("/notification-rules", ready_made["Rule"])

    assert ready_made in shown
    assert response.status_code == 201, response.content


ELSEWHERE = "An event has none of its own: count deliveries."
REFUSED = [
    ({"Name": ""}, "Name", "This field may not be blank."),
    ({"Name": "a\nb"}, "Name", "This must be a single line."),
    ({"Kind": "Often"}, "Kind", '"Often" is not a valid choice.'),
    ({"Kind": ["Count"]}, "Kind", "\"['Count']\" is not a valid choice."),
    ({"Colour": 1}, "Colour", "This field is unknown here."),
    ({"Threshold": "20"}, "Threshold", "A valid number is required."),
    ({"Threshold": 1e300}, "Threshold", "A valid number is required."),
    ({"Threshold": -1}, "Threshold", "This must not be less than 0."),
    (
        {"WindowMinutes": 4},
        "WindowMinutes",
        "Ensure this value is greater than or equal to 5.",
    ),
    (
        {"WindowMinutes": 10081},
        "WindowMinutes",
        "Ensure this value is less than or equal to 10080.",
    ),
    ({"Metric": "Events"}, "Status", ELSEWHERE),
    (
        {"Kind": "OldestWaiting"},
        "Status",
        "A rule of kind OldestWaiting does not take this.",
    ),
    (
        {"Kind": "Percent", "Status": []},
        "Status",
        "Say which deliveries: how they ended.",
    ),
    (
        {"Kind": "Percent", "Metric": "Events", "Status": []},
        "EventType",
        "Say which events: their types or their data.",
    ),
    ({"Kind": "Percent", "Threshold": 101}, "Threshold", "This must be from 0 to 100."),
    (
        {"Kind": "DeliveryGap", "Status": [], "Threshold": 30},
        "Threshold",
        "This must be less than the window.",
    ),
    (
        {"Kind": "PercentChange", "Baseline": "MedianOfSevenDays"}
        | {"WindowMinutes": 1441},
        "WindowMinutes",
        "With the median of seven days this is at most 1440, a day.",
    ),
    (
        {"Data": {"data.x": []}},
        "Data",
        "data.x: this must be a list of at least one value.",
    ),
    (
        {"Data": {"data..": [1], "": [1]}},
        "Data",
        "'data..' is not a path, such as 'data.status'.",
    ),
    (
        {"Data": []},
        "Data",
        "The filter must be an object of paths, each with a list of values.",
    ),
    (
        {"EventType": ["tender.created", "tender.lost"]},
        "EventType",
        "Unknown event type: tender.lost.",
    ),
    ({"ErrorKind": ["slow"]}, "ErrorKind", '[0]: "slow" is not a valid choice.'),
    ({"SubsidiaryId": "NONE"}, "SubsidiaryId", "The tenant has no subsidiary 'NONE'."),
    ({"WebhookId": "whk_x"}, "WebhookId", "The tenant has no webhook 'whk_x'."),
    (
        {"Recipients": ["nobody"]},
        "Recipients",
        "The tenant has nobody with the user name 'nobody'.",
    ),
    ({"Recipients": ["mute"]}, "Recipients", "'mute' has no mail address."),
]


@pytest.mark.parametrize(("fields", "field", "sentence"), REFUSED)
def test_a_rule_that_means_nothing_is_refused(
    api, acme, errors_of, fields, field, sentence
):
    User.objects.create(username="mute", tenant=acme)

    errors = errors_of(api.post("/notification-rules", wanted(**fields)))

    assert errors[field] == [sentence]
    assert not mine(acme).exists()
    assert not AuditEvent.objects.filter(action="rule.created").exists()


def test_a_webhook_of_another_subsidiary_is_refused(api, acme, webhook, errors_of):
    Subsidiary.objects.create(tenant=acme, code="PLANT", name="Plant")
    asked = wanted(SubsidiaryId="PLANT", WebhookId=webhook.public_id)

    errors = errors_of(api.post("/notification-rules", asked))

    assert errors == {"WebhookId": ["This webhook belongs to another subsidiary."]}


def test_a_tenant_has_at_most_fifty(api, acme, refused):
    for _ in range(50):
        make_rule(acme)

    problem = refused(api.post("/notification-rules", wanted()), 400)

    assert problem["Detail"] == "A tenant has at most 50 notification rules."
    assert mine(acme).count() == 50


def test_the_list_is_paged_and_narrowed_and_costs_the_same(
    api, acme, django_assert_max_num_queries
):
    for number in range(6):
        kind = "Count" if number % 2 else "DeliveryGap"
        make_rule(acme, kind=kind, is_enabled=number != 1)
    newest = mine(acme).first()

    with django_assert_max_num_queries(6):
        page = api.get("/notification-rules").json()

    assert (page["Total"], page["Items"][0]["Id"]) == (6, newest.public_id)
    found = api.get("/notification-rules", Kind="Count", Enabled="true").json()
    assert found["Total"] == 2
    assert api.get("/notification-rules", Enabled="false").json()["Total"] == 1
    assert api.get("/notification-rules", Enabled="maybe").status_code == 400


def test_what_is_left_out_of_a_change_stays(api, acme):
    rule = make_rule(acme, description="Old")

    response = api.put(address(rule), {"Threshold": 90, "Description": None})

    shown = response.json()
    assert response.status_code == 200
    assert (shown["Threshold"], shown["Description"]) == (90, None)
    assert (shown["Name"], shown["UpdatedBy"]) == (rule.name, "CRM")
    assert shown["ETag"] != rule.etag
    recorded = AuditEvent.objects.get(action="rule.updated")
    assert recorded.changes == {
        "Threshold": {"Before": 60.0, "After": 90.0},
        "Description": {"Before": "Old", "After": ""},
    }


def test_what_changes_nothing_is_no_change(api, acme):
    rule = make_rule(acme)

    shown = api.put(address(rule), {"Threshold": 60}).json()

    assert shown["ETag"] == rule.etag
    assert not AuditEvent.objects.filter(action="rule.updated").exists()


def test_a_kind_does_not_change(api, acme, errors_of):
    rule = make_rule(acme)

    errors = errors_of(api.put(address(rule), {"Kind": "Count"}))

    assert errors == {"Kind": ["This field is unknown here."]}


@pytest.mark.parametrize("act", ["put", "delete"])
def test_nobody_overwrites_what_he_has_not_seen(api, acme, refused, act):
    rule = make_rule(acme)
    stale = rule.etag
    api.put(address(rule), {"Name": "Newer"})

    body = ({"Name": "Mine"},) if act == "put" else ()
    problem = refused(getattr(api, act)(address(rule), *body, If_Match=stale), 412)

    assert problem["Detail"] == "The rule was changed since you read it."
    assert mine(acme).get().name == "Newer"


def test_a_deleted_rule_is_gone(api, acme, refused):
    rule = make_rule(acme)
    incident = make_incident(rule)

    assert api.delete(address(rule), If_Match=rule.etag).status_code == 204

    refused(api.get(address(rule)), 404)
    assert api.get("/notification-rules").json()["Total"] == 0
    incident.refresh_from_db()
    assert incident.resolution == "The rule was deleted."
    assert AuditEvent.objects.filter(action="rule.deleted").count() == 1


def test_a_test_says_what_would_be_found_and_sends_a_mail(
    api, acme, webhook, dana, django_capture_on_commit_callbacks
):
    rule = make_rule(acme, name="Late")
    late = database_time() - timedelta(hours=2)
    make_delivery(webhook, created_at=late)

    with django_capture_on_commit_callbacks(execute=True):
        response = api.post(f"{address(rule)}/test")

    found = response.json()
    assert response.status_code == 200
    assert found.pop("Value") == pytest.approx(120, abs=1)
    assert found == {"Threshold": 60, "WouldTrigger": True, "Recipients": 1}
    assert not Incident.objects.exists()
    (order,) = [
        t for t in (r.task for r in OrmQ.objects.all()) if t["func"] == MAIL_RULE_TEST
    ]
    tasks.mail_rule_test(*order["args"])
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["dana@example.com"], "Test: Late")
    assert "CRM asked for it." in letter.body


@pytest.mark.parametrize("kind", ["WebhookDisabled", "FirstFailure"])
def test_a_rule_that_watches_counts_webhooks(api, acme, kind):
    rule = make_rule(acme, kind=kind)
    disabled = make_webhook(acme)
    type(disabled).objects.filter(pk=disabled.pk).update(
        status="Disabled", disabled_at=database_time(), disabled_reason="Gone"
    )

    found = api.post(f"{address(rule)}/test").json()

    hit = kind == "WebhookDisabled"
    assert (found["Value"], found["WouldTrigger"]) == (int(hit), hit)


def test_incidents_tell_what_they_are_about(api, acme, webhook):
    rule = make_rule(acme)
    now = database_time()
    late = make_delivery(webhook, created_at=now - timedelta(minutes=70))
    incident = make_incident(rule, since=now - timedelta(hours=1), until=now)
    path = f"{address(rule)}/incidents"

    page = api.get(path).json()
    shown = api.get(f"{path}/{incident.public_id}").json()

    assert page["Total"] == 1
    assert page["Items"][0].items() <= shown.items()
    assert (shown["State"], shown["Token"]) == ("open", incident.token)
    assert shown["Link"].endswith(f"/admin/incidents/{incident.token}/")
    assert shown["DeliveryIds"] == [late.public_id]
    assert shown["Filter"]["WebhookId"] is None
    resolve_all_of(rule, resolution="Over.", now=now)
    over = api.get(f"{path}/{incident.public_id}").json()
    assert (over["State"], over["Resolution"]) == ("resolved", "Over.")


def test_incidents_of_one_rule_are_not_those_of_another(api, acme, refused):
    incident = make_incident(make_rule(acme))
    other = make_rule(acme)

    path = f"{address(other)}/incidents"

    assert api.get(path).json()["Total"] == 0
    refused(api.get(f"{path}/{incident.public_id}"), 404)


def test_the_same_key_creates_one_rule(api, acme):
    for _ in range(2):
        answer = api.post("/notification-rules", wanted(), Idempotency_Key="k-1")
        assert answer.status_code == 201

    assert mine(acme).count() == 1


# --- Globex ---------------------------------------------------------------------------


def test_globexs_rules_cannot_name_what_is_acmes(
    globex_api, globex, webhook, dana, errors_of
):
    for field, value, sentence in (
        (
            "WebhookId",
            webhook.public_id,
            f"The tenant has no webhook {webhook.public_id!r}.",
        ),
        ("Recipients", ["dana"], "The tenant has nobody with the user name 'dana'."),
    ):
        errors = errors_of(
            globex_api.post("/notification-rules", wanted(**{field: value}))
        )
        assert errors == {field: [sentence]}

    assert not mine(globex).exists()


def test_globex_sees_nothing(globex_api, acme, refused):
    rule = make_rule(acme)
    incident = make_incident(rule)

    assert globex_api.get("/notification-rules").json()["Total"] == 0
    for path in ("", "/incidents", f"/incidents/{incident.public_id}"):
        refused(globex_api.get(address(rule) + path), 404)
    refused(globex_api.put(address(rule), {"Name": "Mine"}), 404)
    refused(globex_api.post(f"{address(rule)}/test"), 404)
    refused(globex_api.delete(address(rule)), 404)
    assert mine(acme).get().name == rule.name
