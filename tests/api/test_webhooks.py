"""The collection of webhooks, and one of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from deliveries.models import WebhookHealth
from subscriptions.models import Subsidiary, Webhook
from subscriptions.signing_secrets import reveal_secret
from tests.builders import make_tenant, make_webhook

KEYS = [
    "Id",
    "CompanyCode",
    "SubsidiaryId",
    "Name",
    "Description",
    "Url",
    "Secret",
    "Events",
    "IncludePreviousAttributes",
    "Profile",
    "Filter",
    "Auth",
    "Status",
    "DisabledAt",
    "DisabledReason",
    "ConsecutiveFailures",
    "VerificationError",
    "VerifiedAt",
    "SecretRotationEndsAt",
    "CreatedAt",
    "CreatedBy",
    "UpdatedAt",
    "UpdatedBy",
    "LastTriggeredAt",
    "ETag",
]
RFC_3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


def wanted(**overrides):
    return {
        "Name": "Orders",
        "SubsidiaryId": "MAIN",
        "Url": "https://hooks.example.com/in",
        "Events": ["tender.created", "load.changed"],
    } | overrides


def address(webhook):
    return f"/webhooks/{webhook.public_id}"


def test_a_new_webhook_is_pending_and_shows_its_secret(api):
    response = api.post("/webhooks", wanted())

    shown, webhook = response.json(), Webhook.objects.get()
    assert response.status_code == 201
    assert list(shown) == KEYS
    assert re.fullmatch(RFC_3339, shown.pop("CreatedAt"))
    assert shown == {
        "Id": webhook.public_id,
        "CompanyCode": "ACME",
        "SubsidiaryId": "MAIN",
        "Name": "Orders",
        "Description": None,
        "Url": "https://hooks.example.com/in",
        "Secret": reveal_secret(webhook),
        "Events": ["tender.created", "load.changed"],
        "IncludePreviousAttributes": False,
        "Profile": "alvys",
        "Filter": None,
        "Auth": None,
        "Status": "Pending",
        "DisabledAt": None,
        "DisabledReason": None,
        "ConsecutiveFailures": 0,
        "VerificationError": None,
        "VerifiedAt": None,
        "SecretRotationEndsAt": None,
        "CreatedBy": "CRM",
        "UpdatedAt": None,
        "UpdatedBy": None,
        "LastTriggeredAt": None,
        "ETag": webhook.etag,
    }
    assert webhook.verification_due_at is not None


def test_the_answer_to_a_creation_points_to_the_webhook(api):
    response = api.post("/webhooks", wanted())

    shown = response.json()
    location = f"http://testserver/api/p/v3/webhooks/{shown['Id']}"
    assert response["Location"] == location
    assert response["ETag"] == shown["ETag"]
    assert response["Cache-Control"] == "no-store"


def test_all_that_is_optional_can_be_given(api):
    response = api.post(
        "/webhooks",
        wanted(
            Description="For the night shift",
            IncludePreviousAttributes=True,
            Profile="alvys",
            Filter=None,
            Auth=None,
        ),
    )

    assert response.status_code == 201
    assert response.json()["Description"] == "For the night shift"
    assert response.json()["IncludePreviousAttributes"] is True


def test_a_url_is_stored_in_its_canonical_form(api):
    response = api.post("/webhooks", wanted(Url="HTTPS://Hooks.Example.com:443"))

    assert response.json()["Url"] == "https://hooks.example.com/"


def test_an_event_type_named_twice_counts_once(api):
    response = api.post("/webhooks", wanted(Events=["tender.created"] * 2))

    assert response.json()["Events"] == ["tender.created"]


@pytest.mark.parametrize(
    ("overrides", "errors"),
    [
        ({"Name": ""}, {"Name": ["This field may not be blank."]}),
        ({"Name": "   "}, {"Name": ["This field may not be blank."]}),
        ({"Name": None}, {"Name": ["This field may not be null."]}),
        ({"Name": 7}, {"Name": ["Not a valid string."]}),
        ({"Name": True}, {"Name": ["Not a valid string."]}),
        ({"Name": ["x"]}, {"Name": ["Not a valid string."]}),
        ({"Name": "a\nb"}, {"Name": ["This must be a single line."]}),
        (
            {"Name": "x" * 201},
            {"Name": ["Ensure this field has no more than 200 characters."]},
        ),
        (
            {"SubsidiaryId": "OTHER"},
            {"SubsidiaryId": ["The tenant has no subsidiary 'OTHER'."]},
        ),
        ({"SubsidiaryId": 1}, {"SubsidiaryId": ["Not a valid string."]}),
        ({"Url": "http://a.com/"}, {"Url": ["The URL must start with https://."]}),
        (
            {"Url": "https://10.0.0.1/"},
            {"Url": ["The URL must contain a host name, not an IP address."]},
        ),
        (
            {"Url": "https://intranet/"},
            {"Url": ["The host name must be a public one."]},
        ),
        (
            {"Url": "https://a.com/" + "x" * 2048},
            {"Url": ["The URL must not be longer than 2048 characters."]},
        ),
        ({"Url": ""}, {"Url": ["This field may not be blank."]}),
        ({"Url": {}}, {"Url": ["Not a valid string."]}),
        ({"Events": []}, {"Events": ["Ensure this field has at least 1 elements."]}),
        (
            {"Events": ["tender.created"] * 51},
            {"Events": ["Ensure this field has no more than 50 elements."]},
        ),
        (
            {"Events": "tender.created"},
            {"Events": ['Expected a list of items but got type "str".']},
        ),
        (
            {"Events": ["no.such", "tender.created", "also.not"]},
            {"Events": ["Unknown event type: also.not, no.such."]},
        ),
        (
            {"Events": ["webhook.test"]},
            {"Events": ["Unknown event type: webhook.test."]},
        ),
        ({"Events": [1]}, {"Events": ["[0]: Not a valid string."]}),
        (
            {"IncludePreviousAttributes": "yes"},
            {"IncludePreviousAttributes": ["Must be a valid boolean."]},
        ),
        (
            {"IncludePreviousAttributes": 1},
            {"IncludePreviousAttributes": ["Must be a valid boolean."]},
        ),
        ({"Description": 5}, {"Description": ["Not a valid string."]}),
        ({"Profile": "nobody"}, {"Profile": ["There is no profile named 'nobody'."]}),
        (
            {"Auth": {"Type": "hmac"}},
            {"Auth": ["This is not available in this profile; leave it out or null."]},
        ),
        ({"Status": "Active"}, {"Status": ["This field is unknown here."]}),
        ({"url": "https://a.com/"}, {"url": ["This field is unknown here."]}),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_created(api, refused, overrides, errors):
    problem = refused(api.post("/webhooks", wanted(**overrides)), 400)

    assert problem["Errors"] == errors
    assert problem["Detail"] == "Some fields are missing or wrong; Errors names them."
    assert not Webhook.objects.exists()


def test_all_wrong_fields_are_named_at_once(api, refused):
    body = {"Name": "", "Surprise": 1, "Url": "ftp://a.com/"}

    problem = refused(api.post("/webhooks", body), 400)

    assert problem["Errors"] == {
        "Surprise": ["This field is unknown here."],
        "Name": ["This field may not be blank."],
        "Url": ["The URL must start with https://."],
        "Events": ["This field is required."],
        "SubsidiaryId": ["This field is required."],
    }


def test_an_empty_body_creates_nothing(api, refused):
    problem = refused(api.post("/webhooks"), 400)

    assert set(problem["Errors"]) == {"Name", "Url", "Events", "SubsidiaryId"}


def test_a_name_is_taken_once_per_subsidiary(api, acme, refused):
    make_webhook(acme, name="Orders")
    Subsidiary.objects.create(tenant=acme, code="NORTH", name="North")

    problem = refused(api.post("/webhooks", wanted()), 409)
    elsewhere = api.post("/webhooks", wanted(SubsidiaryId="NORTH"))

    assert problem["Detail"] == "The subsidiary already has a webhook named 'Orders'."
    assert elsewhere.status_code == 201
    assert Webhook.objects.count() == 2


def test_a_tenant_has_a_limited_number_of_webhooks(api, acme, settings, refused):
    settings.WEBHOOKS_MAX_WEBHOOKS = 1
    make_webhook(acme)

    problem = refused(api.post("/webhooks", wanted()), 400)

    assert problem["Detail"] == "A tenant has at most 1 webhooks."
    assert Webhook.objects.count() == 1


def test_a_webhook_is_shown_with_its_secret_masked(api, webhook):
    secret = reveal_secret(webhook)

    response = api.get(address(webhook))

    assert response.status_code == 200
    assert list(response.json()) == KEYS
    assert response.json()["Secret"] == f"whsec_••••{secret[-4:]}"
    assert response["ETag"] == response.json()["ETag"] == webhook.etag
    assert "Cache-Control" not in response


def test_a_webhook_shows_what_the_engine_knows_of_it(api, webhook):
    moment = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    WebhookHealth.objects.create(
        webhook=webhook, consecutive_failures=3, last_attempt_at=moment
    )

    shown = api.get(address(webhook)).json()

    assert shown["ConsecutiveFailures"] == 3
    assert shown["LastTriggeredAt"] == "2026-11-21T09:30:00Z"


@pytest.mark.parametrize(
    "webhook_id",
    ["whk_", "whk_0", "dlv_00000000000000000000000000", "1", "%00", "🎁", "a" * 500],
)
def test_what_never_was_an_id_is_not_found(api, refused, webhook_id):
    problem = refused(api.get(f"/webhooks/{webhook_id}"), 404)

    assert problem["Detail"] == "There is no such webhook."


def test_what_a_change_leaves_out_stays(api, webhook):
    response = api.put(address(webhook), {"Name": "Renamed"})

    shown = response.json()
    assert response.status_code == 200
    assert shown["Name"] == "Renamed"
    assert shown["Url"] == webhook.url
    assert shown["Status"] == "Active"
    assert shown["Events"] == ["tender.created"]
    assert shown["UpdatedBy"] == "CRM"
    assert re.fullmatch(RFC_3339, shown["UpdatedAt"])
    assert response["ETag"] == shown["ETag"] != webhook.etag
    assert shown["Secret"].startswith("whsec_••••")


def test_everything_that_may_change_changes(api, webhook):
    body = {
        "Name": "New",
        "Url": "https://new.example.com/",
        "Events": ["load.changed", "trip.changed"],
        "IncludePreviousAttributes": True,
        "Description": "Now described",
        "Filter": None,
        "Auth": None,
    }

    shown = api.put(address(webhook), body).json()

    assert {name: shown[name] for name in body} == body
    assert api.get(address(webhook)).json() == shown


def test_a_new_url_must_prove_itself(api, webhook):
    shown = api.put(address(webhook), {"Url": "https://new.example.com/"}).json()

    webhook.refresh_from_db()
    assert shown["Status"] == "Pending"
    assert shown["VerifiedAt"] is None
    assert webhook.verification_due_at is not None


def test_the_same_url_in_another_spelling_is_no_change(api, webhook):
    response = api.put(address(webhook), {"Url": webhook.url.replace("https", "HTTPS")})

    assert response.json()["Status"] == "Active"
    assert response["ETag"] == webhook.etag


@pytest.mark.parametrize("body", [{}, None])
def test_a_change_that_says_nothing_changes_nothing(api, webhook, body):
    response = api.put(address(webhook), body)

    assert response.status_code == 200
    assert response["ETag"] == webhook.etag
    assert response.json()["UpdatedAt"] is None


def test_a_description_can_be_taken_away(api, acme):
    webhook = make_webhook(acme, description="Old")

    shown = api.put(address(webhook), {"Description": None}).json()

    assert shown["Description"] is None


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"Name": ""}, "Name"),
        ({"Name": None}, "Name"),
        ({"Url": "http://a.com/"}, "Url"),
        ({"Events": []}, "Events"),
        ({"Events": ["no.such"]}, "Events"),
        ({"SubsidiaryId": "MAIN"}, "SubsidiaryId"),
        ({"Profile": "alvys"}, "Profile"),
        ({"Status": "Active"}, "Status"),
        ({"Secret": "whsec_mine"}, "Secret"),
    ],
)
def test_a_wrong_change_changes_nothing(api, webhook, refused, body, named):
    before = api.get(address(webhook)).json()

    problem = refused(api.put(address(webhook), {"Description": "x"} | body), 400)

    assert set(problem["Errors"]) == {named}
    assert api.get(address(webhook)).json() == before


def test_a_change_cannot_take_a_name(api, acme, webhook, refused):
    other = make_webhook(acme, name="Taken")

    refused(api.put(address(webhook), {"Name": "Taken", "Description": "x"}), 409)

    assert api.get(address(webhook)).json()["Name"] == webhook.name
    assert api.put(address(other), {"Name": "Taken"}).status_code == 200


@pytest.mark.parametrize("method", ["put", "delete"])
@pytest.mark.parametrize("if_match", ['"other"', "", "W/{etag}", "{etag}x", "nonsense"])
def test_what_was_changed_since_is_not_overwritten(
    api, webhook, refused, method, if_match
):
    header = if_match.replace("{etag}", webhook.etag)
    body = [{"Name": "Mine"}] if method == "put" else []

    response = getattr(api, method)(address(webhook), *body, If_Match=header)

    problem = refused(response, 412)
    assert problem["Detail"] == "The webhook was changed since you read it."
    assert api.get(address(webhook)).json()["Name"] == webhook.name


@pytest.mark.parametrize("if_match", ["{etag}", "*", '"other", {etag}'])
def test_what_is_as_it_was_read_may_be_changed(api, webhook, if_match):
    header = if_match.replace("{etag}", webhook.etag)

    changed = api.put(address(webhook), {"Name": "Mine"}, If_Match=header)
    deleted = api.delete(address(webhook), If_Match=changed["ETag"])

    assert (changed.status_code, deleted.status_code) == (200, 204)


def test_a_deleted_webhook_is_gone_and_frees_its_name(api, webhook, refused):
    response = api.delete(address(webhook))

    assert (response.status_code, response.content) == (204, b"")
    refused(api.get(address(webhook)), 404)
    refused(api.delete(address(webhook)), 404)
    assert api.get("/webhooks").json()["Items"] == []
    assert api.post("/webhooks", wanted(Name=webhook.name)).status_code == 201


def test_the_list_is_newest_first_and_paged(api, acme):
    webhooks = [make_webhook(acme) for _ in range(3)]

    first = api.get("/webhooks", PageSize=2).json()
    second = api.get("/webhooks", PageSize=2, Page=1).json()

    newest_first = [webhook.public_id for webhook in reversed(webhooks)]
    assert {k: v for k, v in first.items() if k != "Items"} == {
        "Page": 0,
        "PageSize": 2,
        "Total": 3,
    }
    assert [item["Id"] for item in first["Items"]] == newest_first[:2]
    assert [item["Id"] for item in second["Items"]] == newest_first[2:]
    assert list(first["Items"][0]) == KEYS


def test_the_list_takes_the_same_number_of_queries_however_long(
    api, acme, django_assert_num_queries
):
    make_webhook(acme)
    with django_assert_num_queries(6) as few:
        api.get("/webhooks")
    for _ in range(5):
        make_webhook(acme, events=["tender.created", "load.changed"])

    with django_assert_num_queries(len(few)):
        assert len(api.get("/webhooks").json()["Items"]) == 6


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"Status": "Disabled"}, ["Second"]),
        ({"Status": "Active"}, ["Third", "First"]),
        ({"SubsidiaryId": "NORTH"}, ["Third"]),
        ({"SubsidiaryId": "nowhere"}, []),
        ({"Event": "load.changed"}, ["Second"]),
        ({"Search": "fir"}, ["First"]),
        ({"Search": "SECOND.example"}, ["Second"]),
        ({"Search": "%"}, []),
        ({"Status": "Active", "Search": "third"}, ["Third"]),
        ({"Unheard": "of"}, ["Third", "Second", "First"]),
    ],
)
def test_the_list_can_be_narrowed(api, acme, query, expected):
    north = Subsidiary.objects.create(tenant=acme, code="NORTH", name="North")
    make_webhook(acme, name="First", url="https://first.example.com/")
    make_webhook(
        acme,
        name="Second",
        url="https://second.example.com/",
        status="Disabled",
        events=["load.changed", "trip.changed"],
    )
    make_webhook(acme, name="Third", subsidiary=north)

    page = api.get("/webhooks", **query).json()

    assert [item["Name"] for item in page["Items"]] == expected
    assert page["Total"] == len(expected)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"Status": "Sleeping"}, "Status"),
        ({"Search": "a\0b"}, "Search"),
        ({"SubsidiaryId": "\0"}, "SubsidiaryId"),
        ({"Event": "\0"}, "Event"),
        ({"Page": "-1"}, "Page"),
        ({"PageSize": "0"}, "PageSize"),
    ],
)
def test_a_bad_parameter_is_named(api, refused, query, named):
    problem = refused(api.get("/webhooks", **query), 400)

    assert set(problem["Errors"]) == {named}


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS"])
def test_a_webhook_does_not_answer_to_other_methods(api, webhook, refused, method):
    response = api.send(method, address(webhook))

    refused(response, 405)
    assert response["Allow"] == "GET, PUT, DELETE, HEAD"


def test_globex_sees_nothing_of_acme(globex_api, webhook, refused):
    before = Webhook.objects.values().get()

    for response in (
        globex_api.get(address(webhook)),
        globex_api.put(address(webhook), {"Name": "Ours"}),
        globex_api.delete(address(webhook)),
    ):
        assert refused(response, 404)["Detail"] == "There is no such webhook."
    assert globex_api.get("/webhooks").json()["Total"] == 0
    assert Webhook.objects.values().get() == before


def test_an_id_of_acme_and_one_of_nobody_answer_alike_to_globex(globex_api, webhook):
    theirs = address(webhook)
    nobodys = "/webhooks/whk_" + "0" * 26

    globex_api.client.defaults["HTTP_X_REQUEST_ID"] = "r-1"

    for send in (globex_api.get, globex_api.put, globex_api.delete):
        first, second = send(theirs), send(nobodys)

        unknown = second.content.replace(nobodys.encode(), theirs.encode())
        assert first.content == unknown
        assert first.headers == second.headers


def test_globex_may_use_the_names_of_acme_but_not_its_subsidiaries(
    globex_api, acme, refused
):
    Subsidiary.objects.create(tenant=acme, code="NORTH", name="North")
    make_webhook(acme, name="Orders")

    same_name = globex_api.post("/webhooks", wanted())
    problem = refused(globex_api.post("/webhooks", wanted(SubsidiaryId="NORTH")), 400)

    assert same_name.status_code == 201
    assert problem["Errors"] == {
        "SubsidiaryId": ["The tenant has no subsidiary 'NORTH'."]
    }


def test_the_limit_of_one_tenant_is_not_anothers(globex_api, acme, settings):
    settings.WEBHOOKS_MAX_WEBHOOKS = 1
    make_webhook(acme)
    make_webhook(make_tenant("INITECH"))

    assert globex_api.post("/webhooks", wanted()).status_code == 201
