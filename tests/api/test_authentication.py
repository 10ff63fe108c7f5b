"""Who may call the API: tokens, scopes, and the platform's own backend."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, set_token_value

from subscriptions.models import ApiClient
from subscriptions.tenancy import create_api_client, revoke_api_client
from tests.api.conftest import Program
from tests.builders import make_webhook

WEBHOOKS = "/api/p/v3/webhooks"
NO_WEBHOOK = "/webhooks/whk_" + "0" * 26

OPERATIONS = [
    ("GET", "/webhooks", "webhooks:read"),
    ("POST", "/webhooks", "webhooks:write"),
    ("GET", "/webhooks/event-types", "webhooks:read"),
    ("HEAD", "/webhooks/event-types", "webhooks:read"),
    ("GET", NO_WEBHOOK, "webhooks:read"),
    ("HEAD", NO_WEBHOOK, "webhooks:read"),
    ("PUT", NO_WEBHOOK, "webhooks:write"),
    ("DELETE", NO_WEBHOOK, "webhooks:write"),
    ("POST", f"{NO_WEBHOOK}/enable", "webhooks:write"),
    ("POST", f"{NO_WEBHOOK}/disable", "webhooks:write"),
    ("POST", f"{NO_WEBHOOK}/verify", "webhooks:write"),
    ("POST", f"{NO_WEBHOOK}/rotate-secret", "webhooks:write"),
    ("POST", f"{NO_WEBHOOK}/reveal-secret", "webhooks:secrets"),
    ("GET", "/audit-events", "audit:read"),
    ("GET", "/audit-events/export", "audit:read"),
]


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_without_a_token_nobody_gets_in(db, refused, method, path, scope):
    response = Client().generic(method, f"/api/p/v3{path}")

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="webhooks"'


@pytest.mark.parametrize(
    "header",
    [
        "Bearer nonsense",
        "bearer nonsense",
        "Bearer",
        "Bearer ",
        "Bearer a b c",
        "Bearer \xff\xfe",
        "Basic dXNlcjpwYXNz",
        "nonsense",
        "",
    ],
)
def test_a_bad_token_is_refused(acme, refused, header):
    response = Client().get(WEBHOOKS, headers={"Authorization": header})

    refused(response, 401)
    challenge = response["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="webhooks", error="invalid_token"')


def test_a_token_ends(program, acme, refused):
    late = program(acme, expires_in=timedelta(seconds=-1))

    problem = refused(late.get("/webhooks"), 401)

    assert problem["Detail"] == "The access token is unknown or has expired."


def test_a_token_ends_with_its_client(api, refused):
    ApiClient.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    refused(api.get("/webhooks"), 401)


def test_a_token_lives_until_its_client_ends(api):
    ApiClient.objects.update(expires_at=timezone.now() + timedelta(minutes=1))

    assert api.get("/webhooks").status_code == 200


def test_a_token_without_a_client_is_refused(api, refused):
    AccessToken.objects.update(application=None)

    refused(api.get("/webhooks"), 401)


def test_a_token_in_the_address_is_none(api, refused):
    response = Client().get(WEBHOOKS, {"access_token": "secret"})

    refused(response, 401)


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_an_operation_needs_its_scope(program, acme, refused, method, path, scope):
    others = {name for _, _, name in OPERATIONS} - {scope}
    lacking = program(acme, scopes=others)

    response = lacking.send(method, path)

    assert response.status_code == 403
    if method != "HEAD":
        problem = refused(response, 403)
        assert problem["Detail"] == f"The access token lacks the scope {scope}."


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_its_scope_is_all_that_an_operation_needs(program, acme, method, path, scope):
    response = program(acme, scopes=[scope]).send(method, path)

    assert response.status_code in (200, 400, 404)


def test_a_scope_withdrawn_from_a_client_is_withdrawn_from_its_tokens(api, refused):
    ApiClient.objects.update(scopes="webhooks:read")

    assert api.get("/webhooks").status_code == 200
    refused(api.post("/webhooks", {}), 403)


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_a_platform_client_has_no_business_with_webhooks(
    platform_api, method, path, scope
):
    assert platform_api.send(method, path).status_code == 403


def test_a_platform_client_with_a_scope_too_many_still_has_no_tenant(
    program, acme, refused
):
    make_webhook(acme)
    overpowered = program(None, scopes=["webhooks:read"])
    ApiClient.objects.update(scopes="webhooks:read")

    problem = refused(overpowered.get("/webhooks"), 403)

    assert (
        problem["Detail"] == "This belongs to a tenant, and a platform client has none."
    )


def test_asking_costs_one_query(api, django_assert_num_queries):
    with django_assert_num_queries(2):  # The token, the webhook.
        api.get(NO_WEBHOOK)


def test_a_token_of_globex_is_globex(program, acme, globex):
    make_webhook(acme)
    mine = make_webhook(globex)

    page = program(globex).get("/webhooks").json()

    assert [item["Id"] for item in page["Items"]] == [mine.public_id]


def test_a_revoked_client_is_out_at_once_and_stays_out(acme, refused):
    made = create_api_client(tenant=acme, name="ERP")
    form = {
        "grant_type": "client_credentials",
        "client_id": made.client.client_id,
        "client_secret": made.secret,
    }
    token = Client().post("/oauth/token", form, content_type="application/json").json()
    api = Program(token["access_token"])
    assert api.get("/webhooks").status_code == 200

    revoke_api_client(made.client, now=timezone.now())

    refused(api.get("/webhooks"), 401)
    again = Client().post("/oauth/token", form, content_type="application/json")
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert not AccessToken.objects.exists()


def test_what_is_printed_of_a_client_or_a_token_holds_no_secret(acme):
    made = create_api_client(tenant=acme, name="ERP")
    token = secrets.token_urlsafe(20)
    row = AccessToken(application=made.client, expires=timezone.now(), scope="")
    set_token_value(row, token)
    row.save()

    printed = "".join(
        f"{each!r} {each}"
        for each in (made, made.client, row, AccessToken.objects.get())
    )

    assert made.secret not in printed
    assert made.client.client_secret not in printed
    assert token not in printed
