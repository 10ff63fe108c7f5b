"""Each change that a program asks for is recorded, with the program's name."""

from __future__ import annotations

import pytest
from django.test import Client

from subscriptions.api import urls
from subscriptions.models import AuditEvent, Webhook
from subscriptions.tenancy import create_api_client
from tests.builders import make_webhook

URL = "https://new.example.com/events"
NEW = {"Name": "ERP", "SubsidiaryId": "MAIN", "Url": URL, "Events": ["tender.created"]}

# (method, the rest of the path, body, the action, what changed)
ACTS = [
    ("put", "", {"Name": "B"}, "webhook.updated", {"Name": ("A", "B")}),
    (
        "put",
        "",
        {"Events": ["trip.changed", "tender.created"]},
        "webhook.updated",
        {"Events": (["tender.created"], ["trip.changed", "tender.created"])},
    ),
    ("put", "", {"Url": URL}, "webhook.updated", {"Url": ("https://a.example/", URL)}),
    ("delete", "", None, "webhook.deleted", {}),
    (
        "post",
        "/disable",
        None,
        "webhook.disabled",
        {"Status": ("Active", "Disabled"), "DisabledReason": (None, "Manual")},
    ),
    ("post", "/verify", None, "webhook.verification_requested", {}),
    ("post", "/rotate-secret", None, "secret.rotated", {}),
    ("post", "/reveal-secret", None, "secret.revealed", {}),
]


@pytest.fixture
def webhook(acme):
    return make_webhook(acme, name="A", url="https://a.example/")


def ask(api, method, path, body):
    headers = {"X_Request_Id": "r-1"}
    if method == "delete":
        return api.delete(path, **headers)
    return getattr(api, method)(path, body, **headers)


@pytest.mark.parametrize(("method", "rest", "body", "action", "changed"), ACTS)
def test_an_act_is_recorded_once(api, webhook, method, rest, body, action, changed):
    last = AuditEvent.objects.latest("id").pk

    answer = ask(api, method, f"/webhooks/{webhook.public_id}{rest}", body)

    event = AuditEvent.objects.get(pk__gt=last)
    assert answer.status_code in (200, 204)
    assert (event.tenant, event.action) == (webhook.tenant, action)
    assert (event.actor_kind, event.actor_name) == ("client", "CRM")
    assert (event.object_kind, event.object_id) == ("webhook", webhook.public_id)
    assert event.changes == {
        name: {"Before": before, "After": after}
        for name, (before, after) in changed.items()
    }
    assert (event.address, event.request_id) == ("127.0.0.1", "r-1")


def test_creating_is_recorded_with_what_it_began_with(api, acme):
    created = ask(api, "post", "/webhooks", NEW).json()

    event = AuditEvent.objects.get(action="webhook.created")
    assert (event.object_id, event.object_name) == (created["Id"], "ERP")
    assert event.actor_name == "CRM"
    assert event.changes["Url"] == {"Before": None, "After": URL}
    assert "whsec_" not in str(event.changes)


def test_enabling_is_recorded(api, acme):
    webhook = make_webhook(acme, status="Disabled")

    api.post(f"/webhooks/{webhook.public_id}/enable")

    assert AuditEvent.objects.first().action == "webhook.enabled"


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("put", "", {"Name": "A"}),
        ("put", "", {"Events": ["tender.created"]}),
        ("put", "", {"Events": ["no.such.event"]}),
        ("put", "", {"Url": "http://localhost/"}),
        ("post", "/enable", None),
        ("post", "/disable", {"Force": True}),
        ("post", "/rotate-secret", {"GracePeriodHours": 200}),
    ],
)
def test_what_changes_nothing_is_not_recorded(api, webhook, method, rest, body):
    last = AuditEvent.objects.latest("id")

    ask(api, method, f"/webhooks/{webhook.public_id}{rest}", body)

    assert AuditEvent.objects.latest("id") == last


def test_disabling_once_more_is_not_recorded(api, acme):
    webhook = make_webhook(acme, status="Disabled")
    last = AuditEvent.objects.latest("id")

    api.post(f"/webhooks/{webhook.public_id}/disable")

    assert AuditEvent.objects.latest("id") == last


def test_reading_is_not_recorded(api, webhook):
    last = AuditEvent.objects.latest("id")

    api.get("/webhooks")
    api.get(f"/webhooks/{webhook.public_id}")

    assert AuditEvent.objects.latest("id") == last


def test_what_globex_tries_on_acme_is_nobodys_act(globex_api, webhook):
    last = AuditEvent.objects.latest("id")

    for method, rest, body, _, _ in ACTS:
        path = f"/webhooks/{webhook.public_id}{rest}"
        assert ask(globex_api, method, path, body).status_code == 404

    assert AuditEvent.objects.latest("id") == last
    assert Webhook.objects.get().name == "A"


def test_each_unsafe_route_of_this_app_stands_in_the_table():
    routes = set(unsafe_routes(urls.urlpatterns))
    listed = {(method, f"webhooks/<str:webhook_id>{rest}") for method, rest, *_ in ACTS}

    assert routes - listed == {
        ("post", "webhooks"),
        ("post", "webhooks/<str:webhook_id>/enable"),
    }


def unsafe_routes(patterns):
    for pattern in patterns:
        view = pattern.callback
        methods = getattr(view, "actions", None) or dir(view.cls)
        for method in {"post", "put", "patch", "delete"} & set(methods):
            yield method, str(pattern.pattern)


# --- Refused tokens -----------------------------------------------------------------


def ask_for_token(client_id, secret):
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": secret,
    }
    return Client().post("/oauth/token", form, content_type="application/json")


def test_a_refused_token_is_recorded_at_its_client(api):
    last = AuditEvent.objects.latest("id").pk

    answer = ask_for_token(api.api_client.client_id, "wrong")

    event = AuditEvent.objects.get(pk__gt=last)
    assert answer.status_code == 401
    assert (event.action, event.tenant) == ("token.refused", api.api_client.tenant)
    assert (event.actor_kind, event.address) == ("unknown", "127.0.0.1")
    assert event.object_id == api.api_client.client_id


def test_what_is_no_clients_id_is_not_kept(db):
    for number in range(15):
        assert ask_for_token(f"perhaps-a-secret-{number}", "x").status_code == 401

    refused = AuditEvent.objects.filter(action="token.refused")
    assert refused.count() == 10
    assert {(each.object_id, each.tenant_id) for each in refused} == {("", None)}


def test_a_token_that_is_issued_is_not_recorded(acme):
    made = create_api_client(tenant=acme, name="ERP")
    last = AuditEvent.objects.latest("id")

    answer = ask_for_token(made.client.client_id, made.secret)

    assert answer.status_code == 200
    assert AuditEvent.objects.latest("id") == last
