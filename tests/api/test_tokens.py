"""The token endpoint: OAuth 2.0 client credentials."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from urllib.parse import quote_plus, urlencode

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from subscriptions.models import ApiClient
from subscriptions.scopes import SCOPES
from subscriptions.tenancy import create_api_client

ADDRESS = "/oauth/token"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def new_client(acme):
    return create_api_client(tenant=acme, name="CRM")


@pytest.fixture
def credentials(new_client):
    return {
        "grant_type": "client_credentials",
        "client_id": new_client.client.client_id,
        "client_secret": new_client.secret,
    }


def ask(fields, **headers):
    return Client().post(ADDRESS, urlencode(fields), content_type=FORM, headers=headers)


def basic(client_id, secret):
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def refused(response, status, error):
    body = response.json()
    assert (response.status_code, body["error"]) == (status, error)
    assert set(body) <= {"error", "error_description"}
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in response) == (status == 401)
    assert not AccessToken.objects.exists()
    return body


@pytest.mark.parametrize("content_type", [FORM, "application/json"])
def test_a_client_gets_a_token_for_all_that_it_was_granted(credentials, content_type):
    body = urlencode(credentials) if content_type == FORM else credentials

    response = Client().post(ADDRESS, body, content_type=content_type)

    answer = response.json()
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert answer["scope"].split() == list(SCOPES)


def test_a_token_opens_the_api(credentials):
    token = ask(credentials).json()["access_token"]

    headers = {"Authorization": f"Bearer {token}"}
    response = Client().get("/api/p/v3/webhooks", headers=headers)

    assert response.status_code == 200


def test_a_token_is_stored_as_its_digest_only(credentials):
    token = ask(credentials).json()["access_token"]

    row = AccessToken.objects.get()
    assert row.token == ""
    assert row.token_checksum == hashlib.sha256(token.encode()).hexdigest()


@pytest.mark.parametrize("extra", [{"audience": "https://api.example.com"}, {"x": "y"}])
def test_an_audience_is_accepted_and_ignored(credentials, extra):
    as_form = ask(credentials | extra)
    as_json = Client().post(ADDRESS, credentials | extra, "application/json")

    assert (as_form.status_code, as_json.status_code) == (200, 200)


@pytest.mark.parametrize(
    "scope", ["webhooks:read logs:read", " webhooks:read  logs:read "]
)
def test_a_token_may_be_asked_for_less(credentials, scope):
    answer = ask(credentials | {"scope": scope}).json()

    assert answer["scope"] == "webhooks:read logs:read"


@pytest.mark.parametrize("scope", ["", " ", None])
def test_an_empty_scope_is_the_default(credentials, scope):
    fields = credentials | {"scope": scope}

    answer = Client().post(ADDRESS, fields, content_type="application/json").json()

    assert answer["scope"].split() == list(SCOPES)


def test_a_client_may_name_itself_in_the_header(new_client):
    header = basic(new_client.client.client_id, new_client.secret)

    response = ask({"grant_type": "client_credentials"}, Authorization=header)

    assert response.status_code == 200


def test_a_platform_client_gets_event_scopes(db):
    made = create_api_client(tenant=None, name="TMS")
    fields = {"client_id": made.client.client_id, "client_secret": made.secret}

    answer = ask(fields | {"grant_type": "client_credentials"}).json()

    assert answer["scope"] == "events:read events:write"


@pytest.mark.parametrize(
    ("overrides", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"client_id": "x" * 5000}, 401, "invalid_client"),
        ({"client_id": "https://evil.example.com/client"}, 401, "invalid_client"),
        ({"client_id": "\0"}, 400, "invalid_request"),
        ({"client_secret": "a\0b"}, 400, "invalid_request"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
        ({"grant_type": "🎁"}, 400, "unsupported_grant_type"),
        ({"scope": "everything"}, 400, "invalid_scope"),
        ({"scope": "webhooks:read nothing"}, 400, "invalid_scope"),
        ({"scope": "webhooks:read,logs:read"}, 400, "invalid_scope"),
    ],
)
def test_a_refusal_says_why(credentials, overrides, status, error):
    refused(ask(credentials | overrides), status, error)


def test_a_scope_that_was_not_granted_is_refused(acme):
    made = create_api_client(tenant=acme, name="CRM", scopes=["webhooks:read"])
    fields = {
        "grant_type": "client_credentials",
        "client_id": made.client.client_id,
        "client_secret": made.secret,
        "scope": "webhooks:write",
    }

    refused(ask(fields), 400, "invalid_scope")


def test_an_expired_client_gets_nothing(credentials):
    ApiClient.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    refused(ask(credentials), 401, "invalid_client")


def test_a_client_gets_tokens_until_it_expires(credentials):
    ApiClient.objects.update(expires_at=timezone.now() + timedelta(minutes=1))

    assert ask(credentials).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xfe").decode(),
        "Basic " + base64.b64encode(b"a\0b:c").decode(),
        "Basic " + base64.b64encode(b"a%00b:c").decode(),
        "Basic " + base64.b64encode(b"who:ever").decode(),
        "Basic \xff",
        "Bearer abc",
        "",
    ],
)
def test_a_bad_header_is_a_bad_client(db, header):
    response = ask({"grant_type": "client_credentials"}, Authorization=header)

    refused(response, 401, "invalid_client")


def test_a_client_proves_itself_in_one_way(new_client, credentials):
    header = basic(new_client.client.client_id, new_client.secret)

    refused(ask(credentials, Authorization=header), 400, "invalid_request")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b""),
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b"null"),
        ("application/json", b'{"grant_type": 1}'),
        ("application/json", b'{"client_id": ["x"]}'),
        ("application/json", b'{"scope": {}}'),
        ("application/json", b'{"scope": "\\ud800"}'),
        ("application/json", b'{"client_id": "a", "client_id": "b"}'),
        (FORM, b""),
        (FORM, b"\xff\xfe=1"),
        (FORM, b"client_id=%ff"),
        (FORM, b"client_id=a&client_id=b"),
        (FORM, b"&".join(b"%d=1" % n for n in range(200))),
        (FORM, b"%"),
    ],
)
def test_garbage_is_an_invalid_request(db, content_type, body):
    response = Client().post(ADDRESS, body, content_type=content_type)

    refused(response, 400, "invalid_request")


def test_credentials_do_not_belong_into_the_address(credentials):
    response = Client().post(f"{ADDRESS}?{urlencode(credentials)}", "", FORM)

    refused(response, 400, "invalid_request")


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        (FORM, b"a=" + b"x" * 256 * 1024, 413),
        ("application/json", b'{"a": "' + b"x" * 256 * 1024 + b'"}', 413),
        ("text/plain", b"grant_type=client_credentials", 415),
        ("multipart/form-data; boundary=x", b"--x--", 415),
        ("nonsense", b"{}", 415),
    ],
)
def test_what_cannot_be_read_is_a_problem(db, content_type, body, status):
    response = Client().post(ADDRESS, body, content_type=content_type)

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_a_token_is_asked_for_with_post(db, method):
    response = Client().generic(method, ADDRESS)

    assert response.status_code == 405
    assert response["Allow"] == "POST"


def test_the_secret_of_globex_does_not_open_acme(credentials, globex):
    theirs = create_api_client(tenant=globex, name="CRM")

    response = ask(credentials | {"client_secret": theirs.secret})

    refused(response, 401, "invalid_client")


def test_guesses_at_one_client_are_slowed_down(credentials, new_client):
    wrong = credentials | {"client_secret": "guess"}

    for _ in range(10):
        refused(ask(wrong), 401, "invalid_client")
    answer = ask(credentials)

    refused(answer, 429, "too_many_attempts")
    assert answer["Retry-After"] == "6"


def test_guesses_from_one_address_are_slowed_down(credentials):
    for number in range(20):
        unknown = credentials | {"client_id": f"client-{number}"}
        refused(ask(unknown), 401, "invalid_client")

    refused(ask(credentials), 429, "too_many_attempts")


def test_nobody_locks_a_client_out_from_elsewhere(credentials):
    for _ in range(11):
        ask(credentials | {"client_secret": "guess"})

    elsewhere = Client(REMOTE_ADDR="203.0.113.7").post(
        ADDRESS, urlencode(credentials), content_type=FORM
    )

    assert elsewhere.status_code == 200


def test_the_right_secret_is_no_guess(credentials):
    statuses = {ask(credentials).status_code for _ in range(12)}

    assert statuses == {200}
