"""`Auth` of a webhook: goes in, never comes out."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from deliveries.retention.portability import export_lines
from subscriptions.credentials import auth_of
from subscriptions.models import AuditEvent, Credentials, Webhook
from subscriptions.request_auth import NO_AUTH
from subscriptions.resealing import count_stale
from subscriptions.sealing import new_key
from tests.builders import make_webhook
from tests.horizon import wait_for_horizon

LIVE = "update:journeyapplications:live"
PASSWORD, CLIENT_SECRET, KEY = "pass word ", "client-secret", "hmac-secret"
BASIC = {"Type": "basic", "Username": "alloy", "Password": PASSWORD}
OAUTH2 = {
    "Type": "oauth2",
    "GrantType": "password",
    "TokenUrl": "https://login.example.com/token",
    "ClientId": "client-7",
    "ClientSecret": CLIENT_SECRET,
    "Username": "ann",
    "Password": PASSWORD,
    "Scope": "events",
    "Audience": "https://api.example.com",
    "Encoding": "url",
    "CredentialsInBody": True,
}
CLIENT = {
    "Type": "oauth2",
    "GrantType": "client_credentials",
    "TokenUrl": "https://Login.Example.com:443/token",
    "ClientId": "client-7",
    "ClientSecret": CLIENT_SECRET,
}
HMAC = {"Type": "hmac", "Secret": KEY}
NOT_HERE = "This is not available in this profile; leave it out or null."


def body(**overrides):
    usual = {
        "Name": "Decisions",
        "SubsidiaryId": "MAIN",
        "Url": "https://hooks.example.com/alloy",
        "Profile": "alloy",
        "Events": [LIVE],
    }
    return usual | overrides


@pytest.fixture
def alloy(acme):
    return make_webhook(acme, profile="alloy", events=[LIVE])


def address(webhook):
    return f"/webhooks/{webhook.public_id}"


def errors(response):
    assert response.status_code == 400
    return response.json()["Errors"]


def settings_of(webhook):
    return dict(auth_of(webhook).settings)


@pytest.mark.parametrize("auth", [BASIC, OAUTH2, CLIENT, HMAC, {"Type": "hmac"}])
def test_of_what_was_entered_an_answer_has_the_type(api, auth):
    created = api.post("/webhooks", body(Auth=auth))
    path = f"/webhooks/{created.json()['Id']}"

    assert created.status_code == 201
    for answer in (created, api.get(path), api.put(path, {"Name": "New"})):
        assert answer.json()["Auth"] == {"Type": auth["Type"]}
        for secret in (PASSWORD, CLIENT_SECRET, KEY):
            assert secret not in answer.content.decode()


@pytest.mark.parametrize("auth", [{}, {"Auth": None}, {"Auth": {"Type": "none"}}])
def test_without_auth_there_is_none(api, auth):
    created = api.post("/webhooks", body(**auth))

    assert created.json()["Auth"] == {"Type": "none"}
    assert not Credentials.objects.exists()


def test_an_alloy_webhook_is_active_at_once(api):
    created = api.post("/webhooks", body()).json()

    assert (created["Status"], created["Profile"]) == ("Active", "alloy")


def test_what_is_left_out_has_its_default(api):
    created = api.post("/webhooks", body(Auth=CLIENT))

    assert created.status_code == 201
    assert settings_of(Webhook.objects.get()) == {
        "grant_type": "client_credentials",
        "token_url": "https://login.example.com/token",
        "client_id": "client-7",
        "client_secret": CLIENT_SECRET,
        "encoding": "json",
        "credentials_in_body": False,
    }


def test_a_password_keeps_its_blanks(api):
    api.post("/webhooks", body(Auth=BASIC))

    assert settings_of(Webhook.objects.get())["password"] == PASSWORD


WRONG = {
    "no object": ("basic", "Expected an object with a Type."),
    "no type": ({}, "Type: This field is required."),
    "strange type": ({"Type": "digest"}, 'Type: "digest" is not a valid choice.'),
    "type is a list": (
        {"Type": ["basic"]},
        "Type: \"['basic']\" is not a valid choice.",
    ),
    "unknown member": (
        BASIC | {"Realm": "x"},
        "Realm: This field is unknown here.",
    ),
    "member of another type": (
        {"Type": "none", "Username": "ann"},
        "Username: This field is unknown here.",
    ),
    "no password": (
        {"Type": "basic", "Username": "ann"},
        "Password: This field is required.",
    ),
    "password is a number": (BASIC | {"Password": 7}, "Password: Not a valid string."),
    "colon": (BASIC | {"Username": "a:b"}, "Username: A user name has no colon."),
    "line break": (
        BASIC | {"Password": "a\nb"},
        "Password: This must not hold control characters.",
    ),
    "grant": (
        CLIENT | {"GrantType": "implicit"},
        'GrantType: "implicit" is not a valid choice.',
    ),
    "nobody's password": (
        CLIENT | {"GrantType": "password", "Username": "ann"},
        "Password: The grant password needs this.",
    ),
    "needless person": (
        CLIENT | {"Username": "ann"},
        "Username: Only the grant password takes this.",
    ),
    "encoding": (
        CLIENT | {"Encoding": "xml"},
        'Encoding: "xml" is not a valid choice.',
    ),
    "flag": (
        CLIENT | {"CredentialsInBody": "yes"},
        "CredentialsInBody: Must be a valid boolean.",
    ),
    "plain token URL": (
        CLIENT | {"TokenUrl": "http://login.example.com/token"},
        "TokenUrl: The URL must start with https://.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_auth_is_refused_and_nothing_is_created(api, name):
    auth, sentence = WRONG[name]

    assert errors(api.post("/webhooks", body(Auth=auth))) == {"Auth": [sentence]}
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_auth_is_refused_and_nothing_is_changed(api, alloy, name):
    auth, sentence = WRONG[name]
    before = api.get(address(alloy)).json()

    answer = api.put(address(alloy), {"Name": "New", "Auth": auth})

    assert errors(answer) == {"Auth": [sentence]}
    assert api.get(address(alloy)).json() == before


@pytest.mark.parametrize("host", ["localhost", "10.0.0.1", "169.254.169.254"])
def test_a_token_url_is_held_to_the_rules_of_any_url(api, host):
    auth = CLIENT | {"TokenUrl": f"https://{host}/token"}

    (sentence,) = errors(api.post("/webhooks", body(Auth=auth)))["Auth"]

    assert sentence.startswith("TokenUrl: ")
    assert not Webhook.objects.exists()


def test_a_profile_that_signs_has_no_auth(api, webhook):
    assert api.get(address(webhook)).json()["Auth"] is None
    before = api.get(address(webhook)).json()

    created = api.post(
        "/webhooks", body(Profile="alvys", Events=["tender.created"], Auth=BASIC)
    )
    changed = api.put(address(webhook), {"Name": "New", "Auth": BASIC})

    assert errors(created) == errors(changed) == {"Auth": [NOT_HERE]}
    assert api.get(address(webhook)).json() == before
    assert Webhook.objects.count() == 1
    assert api.put(address(webhook), {"Auth": None}).json() == before


def test_event_types_are_those_of_the_profile(api):
    foreign = errors(api.post("/webhooks", body(Events=["tender.created"])))
    mixed = errors(api.post("/webhooks", body(Profile="alvys")))
    unknown = errors(api.post("/webhooks", body(Profile="nobody")))

    assert foreign == {"Events": ["Unknown event type: tender.created."]}
    assert mixed == {"Events": [f"Unknown event type: {LIVE}."]}
    assert unknown == {"Profile": ["There is no profile named 'nobody'."]}
    assert not Webhook.objects.exists()


def test_a_change_of_auth_moves_the_etag_and_the_same_again_does_not(api, alloy):
    before = api.get(address(alloy)).json()["ETag"]

    changed = api.put(address(alloy), {"Auth": BASIC}, If_Match=before)
    again = api.put(address(alloy), {"Auth": BASIC})

    assert changed.status_code == 200
    assert changed.json()["ETag"] != before
    assert again.json()["ETag"] == changed.json()["ETag"]
    assert api.put(address(alloy), {"Auth": HMAC}, If_Match=before).status_code == 412
    assert settings_of(alloy) == {"username": "alloy", "password": PASSWORD}


@pytest.mark.parametrize("silence", [{}, {"Auth": None}])
def test_auth_that_is_left_out_stays(api, alloy, silence):
    api.put(address(alloy), {"Auth": BASIC})

    api.put(address(alloy), {"Name": "New"} | silence)

    assert settings_of(alloy) == {"username": "alloy", "password": PASSWORD}


def test_auth_none_takes_it_away(api, alloy):
    api.put(address(alloy), {"Auth": BASIC})

    changed = api.put(address(alloy), {"Auth": {"Type": "none"}})

    assert changed.json()["Auth"] == {"Type": "none"}
    assert auth_of(alloy) == NO_AUTH


def _changes_of_webhooks():
    recorded = AuditEvent.objects.filter(action__startswith="webhook.")
    return recorded.order_by("pk").values_list("changes", flat=True)


def test_the_audit_log_says_the_type_and_no_more(api):
    created = api.post("/webhooks", body(Auth=BASIC)).json()
    api.put(f"/webhooks/{created['Id']}", {"Auth": OAUTH2})
    api.put(f"/webhooks/{created['Id']}", {"Auth": OAUTH2 | {"Password": "other"}})

    first, typed, hidden = _changes_of_webhooks()
    assert first["AuthType"] == {"Before": None, "After": "basic"}
    assert typed == {
        "Auth": {"Before": "••••", "After": "••••"},
        "AuthType": {"Before": "basic", "After": "oauth2"},
    }
    assert hidden == {"Auth": {"Before": "••••", "After": "••••"}}
    text = json.dumps([first, typed, hidden])
    assert not any(secret in text for secret in (PASSWORD, CLIENT_SECRET))


def test_a_list_takes_no_more_queries_for_more_webhooks(
    api, acme, django_assert_max_num_queries
):
    def asked():
        with django_assert_max_num_queries(50) as queries:
            assert api.get("/webhooks").status_code == 200
        return len(queries)

    make_webhook(acme, profile="alloy", events=[LIVE])
    one = asked()
    for _ in range(3):
        webhook = make_webhook(acme, profile="alloy", events=[LIVE])
        api.put(address(webhook), {"Auth": BASIC})

    assert asked() == one


def test_globex_neither_sees_nor_changes_it(api, globex_api, alloy):
    api.put(address(alloy), {"Auth": BASIC})

    for answer in (
        globex_api.get(address(alloy)),
        globex_api.put(address(alloy), {"Auth": HMAC}),
    ):
        assert answer.status_code == 404
        assert answer.json()["Detail"] == "There is no such webhook."
    assert settings_of(alloy) == {"username": "alloy", "password": PASSWORD}


def test_settings_are_sealed_and_sealed_anew(api, alloy, settings):
    api.put(address(alloy), {"Auth": BASIC})
    assert PASSWORD not in Credentials.objects.get().sealed
    key = new_key(key_id="new")
    settings.WEBHOOKS_ENCRYPTION_KEYS = (
        f"{key},development:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    )

    call_command("rotate_encryption_key")

    settings.WEBHOOKS_ENCRYPTION_KEYS = key
    assert count_stale() == 0
    assert settings_of(alloy) == {"username": "alloy", "password": PASSWORD}


def test_settings_do_not_open_in_another_row(api, alloy, acme):
    other = make_webhook(acme, profile="alloy", events=[LIVE])
    for each in (alloy, other):
        api.put(address(each), {"Auth": BASIC})
    sealed = Credentials.objects.get(webhook=alloy).sealed

    Credentials.objects.filter(webhook=other).update(sealed=sealed)

    assert auth_of(other) is None


def test_an_export_has_no_credentials(api, alloy, acme):
    api.put(address(alloy), {"Auth": OAUTH2})

    text = "\n".join(export_lines(acme))

    assert alloy.url in text
    assert not any(secret in text for secret in (PASSWORD, CLIENT_SECRET, "client-7"))
    assert Credentials.objects.get().sealed not in text


def test_the_catalogue_of_the_profile_is_listed(api):
    items = api.get("/webhooks/event-types", Profile="alloy").json()["Items"]

    assert len(items) == 12
    assert LIVE in [item["Name"] for item in items]


@pytest.mark.django_db(transaction=True)
def test_polling_gives_the_payload_with_its_request_token(api, program, acme):
    sample = next(
        each["Sample"]
        for each in api.get("/webhooks/event-types", Profile="alloy").json()["Items"]
        if each["Name"] == LIVE
    )
    publisher = program(acme, granted=["events:write", "events:read"])
    published = publisher.post(
        "/events", {"Type": LIVE, "SubsidiaryId": "MAIN", "Data": sample}
    )

    wait_for_horizon()
    (item,) = api.get("/events", Type=LIVE).json()["Items"]

    assert published.status_code == 202
    assert item["request_token"] == published.json()["Id"]
    assert list(item) == ["request_token", "timestamp", "type", "description", "data"]
