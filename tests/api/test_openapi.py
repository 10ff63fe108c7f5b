"""The OpenAPI document and the readable reference."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator

from subscriptions.models import EventType
from subscriptions.scopes import SCOPES
from webhooks_project.openapi import document

PROBLEM = {"$ref": "#/components/schemas/Problem"}


@pytest.fixture(autouse=True)
def _made_anew(db):
    cache.delete("openapi")


def operations():
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_everybody_may_read_the_document():
    response = Client().get("/api/p/v3/openapi.json")

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json()["openapi"] == "3.1.0"
    assert response.json() == document()


def test_the_document_is_made_without_a_warning():
    call_command("spectacular", fail_on_warn=True, validate=True, stdout=StringIO())


def test_the_document_lists_the_canonical_paths():
    webhook = "/api/p/v3/webhooks/{webhook_id}"

    assert {name for name, _ in operations()} >= {
        "POST /oauth/token",
        "GET /api/p/v3/webhooks",
        "POST /api/p/v3/webhooks",
        "GET /api/p/v3/webhooks/event-types",
        f"GET {webhook}",
        f"PUT {webhook}",
        f"DELETE {webhook}",
        f"POST {webhook}/enable",
        f"POST {webhook}/disable",
        f"POST {webhook}/verify",
        f"POST {webhook}/rotate-secret",
        f"POST {webhook}/reveal-secret",
    }
    for name, _ in operations():
        known = r"(/api/p/v3/\S*[a-z}]|/rfp/public/v1/\S*[a-z]|/oauth/token)"
        assert re.fullmatch(rf"[A-Z]+ {known}", name)


def test_an_operation_says_what_it_is_and_what_it_needs():
    for name, operation in operations():
        assert operation["summary"]
        assert operation["description"]
        assert len(operation["tags"]) == 1
        if name != "POST /oauth/token":
            [requirement] = operation["security"]
            [scope] = requirement["oauth2"]
            assert scope in SCOPES


def test_an_operation_says_how_it_is_refused():
    change = document()["paths"]["/api/p/v3/webhooks/{webhook_id}"]["put"]

    refusals = {"400", "401", "403", "404", "409", "412", "413", "415", "429", "503"}
    assert set(change["responses"]) == {"200"} | refusals
    for status in refusals:
        content = change["responses"][status]["content"]
        assert content == {"application/problem+json": {"schema": PROBLEM}}


def test_an_action_without_a_body_says_that_it_refuses_one():
    verify = document()["paths"]["/api/p/v3/webhooks/{webhook_id}/verify"]["post"]

    assert "requestBody" not in verify
    assert {"400", "413", "415"} <= set(verify["responses"])


def test_a_webhooks_filter_and_auth_may_be_null():
    members = document()["components"]["schemas"]["Webhook"]["properties"]

    for name in ("Filter", "Auth"):
        Draft202012Validator(members[name]).validate(None)


def test_a_body_says_that_nothing_else_may_stand_in_it():
    schemas = document()["components"]["schemas"]

    assert schemas["NewWebhook"]["additionalProperties"] is False
    assert schemas["NewWebhook"]["required"] == [
        "Events",
        "Name",
        "SubsidiaryId",
        "Url",
    ]
    assert "required" not in schemas["WebhookChanges"]


def test_a_list_says_that_it_is_paged():
    listing = document()["paths"]["/api/p/v3/webhooks"]["get"]

    names = {parameter["name"] for parameter in listing["parameters"]}
    assert names == {"Page", "PageSize", "SubsidiaryId", "Status", "Event", "Search"}


@pytest.mark.parametrize("path", ["webhooks", "audit-events"])
def test_a_page_is_described_as_one(path):
    listing = document()["paths"][f"/api/p/v3/{path}"]["get"]

    [content] = listing["responses"]["200"]["content"].values()
    name = content["schema"]["$ref"].rpartition("/")[2]
    page = document()["components"]["schemas"][name]
    assert page["required"] == ["Page", "PageSize", "Total", "Items"]


def test_every_event_type_stands_under_webhooks():
    assert set(document()["webhooks"]) == set(
        EventType.objects.values_list("name", flat=True)
    )


def test_an_event_is_described_with_headers_schema_and_sample(settings):
    settings.WEBHOOKS_HEADER_PREFIX = "X-Acme-"

    event = document()["webhooks"]["tender.created"]["post"]

    body = event["requestBody"]["content"]["application/json"]
    names = {parameter["name"] for parameter in event["parameters"]}
    assert {"X-Acme-Signature", "X-Acme-Event-Id", "webhook-signature"} <= names
    assert body["schema"]["properties"]["type"] == {"const": "tender.created"}
    assert body["example"]["type"] == "tender.created"
    assert (
        body["example"]["data"] == EventType.objects.get(name="tender.created").sample
    )


def test_an_event_is_described_in_the_words_of_its_profile(settings):
    settings.WEBHOOKS_HEADER_PREFIX = "X-Acme-"

    event = document()["webhooks"]["EVENT_CREATED"]["post"]

    body = event["requestBody"]["content"]["application/json"]
    required = {each["name"]: each["required"] for each in event["parameters"]}
    assert body["schema"]["required"] == [
        "uuid",
        "name",
        "version",
        "created_at",
        "data",
    ]
    assert body["schema"]["properties"]["version"] == {"const": 1}
    assert body["schema"]["properties"]["name"] == {"const": "EVENT_CREATED"}
    assert required["webhook-signature"] is False
    assert required["X-Acme-Event-Id"] is True
    assert "X-Acme-Signature" not in required
    assert list(event["responses"]) == ["200"]


def test_suppliers_are_refused_in_their_own_words():
    change = document()["paths"]["/rfp/public/v1/webhook"]["put"]

    refusal = {"$ref": "#/components/schemas/SupplierRefusal"}
    assert set(change["responses"]) >= {"200", "400", "401", "403", "404", "409"}
    for status, response in change["responses"].items():
        if status >= "400":
            assert response["content"] == {"application/json": {"schema": refusal}}


def test_every_reference_leads_somewhere_and_every_sample_fits():
    components = {"components": document()["components"]}

    for event in document()["webhooks"].values():
        body = event["post"]["requestBody"]["content"]["application/json"]
        validator = Draft202012Validator(body["schema"] | components)
        assert [str(error) for error in validator.iter_errors(body["example"])] == []


@pytest.mark.parametrize("address", ["/api/docs/", "/api/docs"])
def test_everybody_may_read_the_reference(address):
    response = Client().get(address)

    page = response.content.decode()
    assert response.status_code == 200
    assert response["Content-Type"] == "text/html; charset=utf-8"
    for _, operation in operations():
        assert f'id="{operation["operationId"]}"' in page
    for name in document()["webhooks"]:
        assert f'id="{name}"' in page
    for scope in SCOPES:
        assert scope in page


def test_the_reference_brings_all_that_it_shows():
    page = Client().get("/api/docs/").content.decode()

    assert re.findall(r'(?:src|href)="((?:https?:)?//[^"]+)"', page) == []
    assert "<script" not in page


@pytest.mark.parametrize(
    "address", ["/api/docs/", "/api/docs", "/api/p/v3/openapi.json"]
)
def test_both_can_only_be_read(refused, address):
    stranger = Client(enforce_csrf_checks=True)

    refused(stranger.post(address, "{}", "application/json"), 405)


@pytest.mark.parametrize("path", ["/events", "/events/batch"])
def test_whoever_publishes_may_send_a_traceparent(path):
    operation = dict(operations())[f"POST /api/p/v3{path}"]
    headers = [each for each in operation["parameters"] if each["in"] == "header"]
    [traceparent] = [each for each in headers if each["name"] == "traceparent"]

    assert not traceparent.get("required", False)
    assert "W3C trace context" in traceparent["description"]
