"""The forms of webhooks of each profile: what each asks for, keeps and says."""

from __future__ import annotations

import pytest

from deliveries.models import Recovery
from subscriptions.credentials import auth_of
from subscriptions.models import AuditEvent, Webhook
from subscriptions.request_auth import Auth, AuthType
from subscriptions.signature_tokens import readable_tokens
from tests.builders import make_event, make_webhook
from tests.pages.conftest import address, told

ALLOY = "update:journeyapplications:sandbox"
NEW = {
    "alvys": {"events": ["tender.created"]},
    "alloy": {"events": [ALLOY], "auth-type": "none"},
    "supplierxm": {"events": ["EVENT_CREATED"]},
}
ENDPOINT = {
    "name": "Warehouse",
    "url": "https://hooks.acme.example/in",
    "subsidiary": "MAIN",
}
OAUTH2 = {
    "auth-type": "oauth2",
    "auth-token_url": "https://login.acme.example/token",
    "auth-grant_type": "client_credentials",
    "auth-client_id": "id-1",
    "auth-client_secret": "s3cret-1",
    "auth-encoding": "json",
}
BASIC = {"auth-type": "basic", "auth-username": "us", "auth-password": "pa:ss "}


def add(client, profile="alvys", **fields):
    page = address("webhook_new", profile=profile)
    return client.post(page, ENDPOINT | NEW[profile] | fields)


def save(client, webhook, **fields):
    webhook.refresh_from_db()
    names = webhook.subscriptions.values_list("event_type__name", flat=True)
    form = {"name": webhook.name, "url": webhook.url, "events": list(names)}
    page = address("webhook_settings", webhook)
    return client.post(page, form | {"etag": webhook.etag} | fields)


def text_of(answer):
    """As it is read: the lines of the template are none of the page."""
    return " ".join(answer.content.decode().split())


@pytest.fixture
def alloy(acme):
    return make_webhook(acme, profile="alloy", events=[ALLOY])


@pytest.fixture
def supplier(acme):
    return make_webhook(acme, profile="supplierxm", events=["EVENT_CREATED"])


# --- Profiles -----------------------------------------------------------------------


@pytest.mark.parametrize("profile", NEW)
def test_a_webhook_of_each_profile_is_added(admin, acme, profile):
    answer = add(admin, profile)

    webhook = Webhook.objects.of(acme).get()
    is_alvys = profile == "alvys"
    assert webhook.profile == profile
    assert webhook.status == ("Pending" if is_alvys else "Active")
    html = text_of(answer)
    assert ("Answer the challenge" in html) is is_alvys
    assert ("Copy the signing secret" in html) is is_alvys
    assert "Send a test event" in html


@pytest.mark.parametrize("profile", NEW)
def test_each_profile_offers_its_own_events_and_fields(admin, profile):
    html = text_of(admin.get(address("webhook_new", profile=profile)))

    for name, fields in NEW.items():
        assert (f'value="{fields["events"][0]}"' in html) is (name == profile)
    assert ('name="auth-type"' in html) is (profile == "alloy")
    assert ('name="signature_token"' in html) is (profile == "supplierxm")
    assert ('name="include_previous_attributes"' in html) is (profile == "alvys")


def test_the_link_of_an_event_type_chooses_its_profile_and_its_box(admin):
    html = text_of(admin.get(address("webhook_new", event=ALLOY)))

    assert f'value="{ALLOY}" checked' in html
    assert text_of(admin.get(address("webhook_new", event="no.such"))).count("Alvys")


@pytest.mark.parametrize(
    ("profile", "facts"),
    [
        (
            "alvys",
            [
                "200-299 within 30 s",
                "4, waiting 10 s · 30 s · 1 min",
                "5xx, 408, 429, and when no answer comes",
                "Disabled after 10 events in a row without success. "
                "The status 410 disables it at once.",
            ],
        ),
        (
            "alloy",
            [
                "200-299 within 10 s",
                "10, waiting 1 s · 1 min · 9 min · 20 min · 1 h · 1 h 30 min · 3 h "
                "· 6 h · 12 h",
                "everything but success",
                "Disabled after 100 failed attempts in a row within 72 h.",
            ],
        ),
        (
            "supplierxm",
            [
                "<dd>200 within 30 s</dd>",
                "9, waiting 1 min · 5 min",
                "<dd>Broken when an event is not acknowledged for 48 h.</dd>",
            ],
        ),
    ],
)
def test_the_page_says_how_a_profile_is_delivered(admin, profile, facts):
    html = text_of(admin.get(address("webhook_new", profile=profile)))

    assert [fact for fact in facts if fact not in html] == []


def test_what_is_said_of_deliveries_follows_the_settings(admin, settings):
    settings.WEBHOOKS_AUTO_DISABLE_AFTER = 7

    html = text_of(admin.get(address("webhook_new")))

    assert "Disabled after 7 events in a row without success." in html


def test_one_attempt_waits_for_nothing(admin, settings):
    settings.WEBHOOKS_RETRY_DELAYS = ()

    html = text_of(admin.get(address("webhook_new")))

    assert "<dt>Attempts</dt><dd>1</dd>" in html


def test_a_url_that_another_webhook_has_is_refused_where_there_may_be_one(
    admin, supplier
):
    answer = add(admin, "supplierxm", url=supplier.url)

    assert "The tenant already has a webhook with this URL." in text_of(answer)
    assert Webhook.objects.count() == 1


def test_there_is_nothing_to_verify_where_the_profile_does_not(admin, supplier):
    answer = admin.post(address("webhook_verify", supplier), follow=True)

    assert told(answer) == ["The profile supplierxm does not verify URLs of webhooks."]


def test_enabling_says_so_where_nothing_is_verified(admin, supplier):
    admin.post(address("webhook_disable", supplier), {"note": ""})

    answer = admin.post(address("webhook_enable", supplier), follow=True)

    assert told(answer)[-1] == f"{supplier.name} is active."
    supplier.refresh_from_db()
    assert supplier.status == "Active"


@pytest.mark.parametrize("profile", NEW)
def test_the_page_of_settings_takes_a_dozen_queries_at_most(
    admin, acme, profile, django_assert_max_num_queries
):
    webhook = make_webhook(acme, profile=profile, events=NEW[profile]["events"])

    with django_assert_max_num_queries(12):
        assert admin.get(address("webhook_settings", webhook)).status_code == 200


# --- Filter -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        (
            {"filter_path": ["data.tenderId", ""], "filter_values": ['T-1, "2"', ""]},
            {"data.tenderId": ["T-1", "2"]},
        ),
        (
            {"filter_json": '{"data.tenderId": ["T-1"]}', "filter_path": ["x"]},
            {"data.tenderId": ["T-1"]},
        ),
        ({"filter_json": "{}"}, None),
        ({}, None),
    ],
)
def test_a_filter_is_entered_as_rows_or_as_json(admin, webhook, fields, wanted):
    answer = save(admin, webhook, **fields)

    assert answer.status_code == 302
    webhook.refresh_from_db()
    assert webhook.filter == wanted


def test_a_filter_is_shown_as_it_would_be_entered(admin, webhook):
    wanted = {"data.tenderId": ["T-1", "a, b", "12"]}
    Webhook.objects.update(filter=wanted)

    html = text_of(admin.get(address("webhook_settings", webhook)))

    assert 'value="data.tenderId"' in html
    assert 'value="T-1, &quot;a, b&quot;, &quot;12&quot;"' in html
    assert html.count('name="filter_path"') == 10


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"filter_path": ["data.no"], "filter_values": ["1"]},
            "data.no: no subscribed event type has this member.",
        ),
        (
            {"filter_path": ["type"], "filter_values": ["load.changed"]},
            "type: no subscribed event type can have &quot;load.changed&quot; there.",
        ),
        (
            {"filter_path": ["type"], "filter_values": [""]},
            "A condition needs a path and a value.",
        ),
        (
            {"filter_path": [""], "filter_values": ["x"]},
            "A condition needs a path and a value.",
        ),
        (
            {"filter_path": ["id", "id"], "filter_values": ["x", "y"]},
            "id stands twice; put its values into one row.",
        ),
        ({"filter_json": "{"}, "This is not JSON."),
        ({"filter_json": "[" * 9999}, "This is not JSON."),
        ({"filter_json": "[]"}, "The filter must be an object of paths"),
        ({"filter_json": '{"id": "x"}'}, "id: this must be a list of at least one"),
        (
            {"filter_json": '{"id": ["\\u0000"]}'},
            "A value is not a plain text or number.",
        ),
        (
            {"filter_json": '{"id": ["\\ud800"]}'},
            "A value is not a plain text or number.",
        ),
        ({"filter_json": '{"id": [1e999]}'}, "A value is not a plain text or number."),
        ({"filter_json": " " * 10 + "1" * 20_001}, "This is too long."),
        ({"filter_path": ["id"], "filter_values": [", " * 20_001]}, "This is too long"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_beside_its_rows(
    admin, webhook, fields, sentence
):
    answer = save(admin, webhook, name="Changed", **fields)

    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {"filter"}
    assert sentence in text_of(answer)
    before = webhook.name
    webhook.refresh_from_db()
    assert (webhook.name, webhook.filter) == (before, None)


def test_what_was_entered_stays_when_it_is_refused(admin, webhook):
    fields = {"filter_path": ["data.no"], "filter_values": ["<b>"]}

    html = text_of(save(admin, webhook, **fields))

    assert 'value="data.no"' in html
    assert 'value="&lt;b&gt;"' in html


def trial(client, webhook, *, partial=True, **fields):
    names = webhook.subscriptions.values_list("event_type__name", flat=True)
    page = address("webhook_filter", webhook)
    headers = {"HX-Request": "true"} if partial else {}
    return client.post(page, {"events": list(names)} | fields, headers=headers)


def test_a_filter_is_tried_on_the_events_of_late(admin, acme, globex, webhook):
    for tenant, tender in [(acme, "T-1"), (acme, "T-2"), (globex, "T-1")]:
        make_event(tenant, data={"tenderId": tender})

    html = text_of(
        trial(admin, webhook, filter_path="data.tenderId", filter_values="T-1")
    )

    assert "Would have matched <strong>1</strong> of the last 2 events." in html
    assert "<html" not in html
    webhook.refresh_from_db()
    assert webhook.filter is None


def test_without_a_script_the_whole_form_comes_back_with_the_trial(admin, webhook):
    make_event(webhook.tenant, data={"tenderId": "T-1"})
    fields = {"filter_path": "data.tenderId", "filter_values": "T-9", "name": ""}

    html = text_of(trial(admin, webhook, partial=False, **fields))

    assert "Would have matched <strong>0</strong> of the last 1 event." in html
    assert 'value="data.tenderId"' in html
    assert "This field is required." not in html


def test_a_trial_says_what_is_wrong_with_the_filter(admin, webhook):
    html = text_of(trial(admin, webhook, filter_path="data.no", filter_values="1"))

    assert "data.no: no subscribed event type has this member." in html
    assert "Would have" not in html


def test_a_trial_needs_events(admin, webhook):
    html = text_of(trial(admin, webhook, events=[], filter_json="{}"))

    assert "Choose at least one event." in html


def test_a_filter_is_tried_before_there_is_a_webhook(admin, acme):
    page = address("webhook_new_filter", profile="alvys")
    form = {"subsidiary": "MAIN", "events": ["tender.created"], "filter_json": "{}"}

    whole = text_of(admin.post(page, form))
    part = text_of(admin.post(page, form, headers={"HX-Request": "true"}))

    for html in (whole, part):
        assert "There were no such events of late to try it on." in html
    assert not Webhook.objects.exists()


def test_trials_are_asked_for_by_post_alone(admin, webhook):
    assert admin.get(address("webhook_filter", webhook)).status_code == 405
    assert admin.get(address("webhook_new_filter")).status_code == 405


# --- Auth ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "auth"),
    [
        ({"auth-type": "none"}, Auth(AuthType.NONE)),
        (BASIC, Auth(AuthType.BASIC, {"username": "us", "password": "pa:ss "})),
        (
            {"auth-type": "hmac", "auth-own_secret": "on", "auth-secret": "x"},
            Auth(AuthType.HMAC),
        ),
        (
            {"auth-type": "hmac", "auth-secret": "x"},
            Auth(AuthType.HMAC, {"secret": "x"}),
        ),
        (
            OAUTH2,
            Auth(
                AuthType.OAUTH2,
                {
                    "grant_type": "client_credentials",
                    "token_url": "https://login.acme.example/token",
                    "client_id": "id-1",
                    "client_secret": "s3cret-1",
                    "encoding": "json",
                    "credentials_in_body": False,
                },
            ),
        ),
        (
            OAUTH2
            | {
                "auth-grant_type": "password",
                "auth-username": "us",
                "auth-password": "pa",
                "auth-scope": "all",
                "auth-encoding": "url",
                "auth-credentials_in_body": "on",
            },
            Auth(
                AuthType.OAUTH2,
                {
                    "grant_type": "password",
                    "token_url": "https://login.acme.example/token",
                    "client_id": "id-1",
                    "client_secret": "s3cret-1",
                    "username": "us",
                    "password": "pa",
                    "scope": "all",
                    "encoding": "url",
                    "credentials_in_body": True,
                },
            ),
        ),
    ],
)
def test_each_way_to_authenticate_is_kept_as_the_api_keeps_it(admin, fields, auth):
    add(admin, "alloy", **fields)

    assert auth_of(Webhook.objects.get()) == auth


def test_the_signing_secret_is_shown_where_it_signs(admin):
    fields = {"auth-type": "hmac", "auth-own_secret": "on"}

    assert "Copy the signing secret" in text_of(add(admin, "alloy", **fields))


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"auth-type": "no"}, "type", "Select a valid choice."),
        (BASIC | {"auth-username": ""}, "username", "This field is required."),
        (BASIC | {"auth-username": "a:b"}, "username", "A user name has no colon."),
        (
            BASIC | {"auth-password": "a\x07"},
            "password",
            "This must not hold control characters.",
        ),
        (BASIC | {"auth-password": ""}, "password", "This field is required."),
        ({"auth-type": "hmac"}, "secret", "This field is required."),
        (OAUTH2 | {"auth-client_secret": ""}, "client_secret", "This field is requi"),
        (
            OAUTH2 | {"auth-token_url": "http://login.acme.example/"},
            "token_url",
            "The URL must start with https://.",
        ),
        (
            OAUTH2 | {"auth-grant_type": "password", "auth-username": "us"},
            "password",
            "This field is required.",
        ),
        (OAUTH2 | {"auth-grant_type": "magic"}, "grant_type", "Select a valid choice."),
    ],
)
def test_what_authentication_lacks_is_said_beside_its_field(
    admin, fields, field, sentence
):
    answer = add(admin, "alloy", **fields)

    assert answer.context["form"].auth.errors.keys() == {field}
    assert sentence in text_of(answer)
    assert not Webhook.objects.exists()


def test_what_stands_in_the_fields_of_another_type_is_of_no_account(admin):
    add(admin, "alloy", **OAUTH2 | BASIC | {"auth-client_id": "a:b"})

    assert auth_of(Webhook.objects.get()).type is AuthType.BASIC


def test_secrets_go_in_and_never_come_out_and_an_empty_one_stays(admin, alloy):
    save(admin, alloy, **OAUTH2)
    html = text_of(admin.get(address("webhook_settings", alloy)))

    assert "s3cret-1" not in html
    assert 'placeholder="unchanged"' in html
    assert 'value="https://login.acme.example/token"' in html
    save(admin, alloy, **OAUTH2 | {"auth-client_secret": "", "auth-client_id": "id-2"})
    kept = auth_of(alloy).settings
    assert (kept["client_id"], kept["client_secret"]) == ("id-2", "s3cret-1")
    changes = AuditEvent.objects.filter(action="webhook.updated").values_list("changes")
    assert "s3cret-1" not in str(list(changes))


def test_a_secret_that_was_refused_is_not_sent_back(admin, alloy):
    html = text_of(save(admin, alloy, **BASIC | {"auth-username": "a:b"}))

    assert "pa:ss" not in html


def test_a_kept_secret_is_not_shown_to_another_authority(admin, alloy):
    save(admin, alloy, **OAUTH2)
    elsewhere = {"auth-token_url": "https://evil.example/", "auth-client_secret": ""}

    answer = save(admin, alloy, **OAUTH2 | elsewhere)

    assert answer.context["form"].auth.errors.keys() == {"client_secret"}
    kept = auth_of(alloy).settings
    assert kept["token_url"] == "https://login.acme.example/token"


def test_a_kept_secret_is_not_one_of_another_type(admin, alloy):
    save(admin, alloy, **BASIC)

    person = {"auth-grant_type": "password", "auth-username": "us"}
    answer = save(admin, alloy, **OAUTH2 | person)

    assert answer.context["form"].auth.errors.keys() == {"password"}
    assert auth_of(alloy).type is AuthType.BASIC


# --- Signature token ----------------------------------------------------------------


def test_a_signature_token_is_set_read_and_taken_away(admin, supplier):
    page = address("webhook_settings", supplier)

    save(admin, supplier, signature_token="t0ken ")
    assert readable_tokens([supplier.pk]) == {supplier.pk: "t0ken "}
    assert 'value="t0ken "' in text_of(admin.get(page))

    save(admin, supplier, signature_token="")
    assert readable_tokens([supplier.pk]) == {supplier.pk: None}


def test_a_signature_token_has_an_end(admin, supplier):
    answer = save(admin, supplier, signature_token="x" * 256)

    assert "at most 255 characters" in text_of(answer)
    assert readable_tokens([supplier.pk]) == {supplier.pk: None}


# --- Broken -------------------------------------------------------------------------


@pytest.fixture
def broken(supplier):
    """Stopped because it did not acknowledge."""
    from deliveries.conf import get_conf
    from subscriptions.clock import database_time
    from subscriptions.webhooks import disable_webhook

    assert get_conf().rules("supplierxm").patience
    disable_webhook(supplier.pk, reason="NotAcknowledged", now=database_time())
    supplier.refresh_from_db()
    return supplier


def test_a_broken_webhook_says_so_and_is_unbroken(admin, broken):
    html = text_of(admin.get(address("webhook_settings", broken)))
    assert "Broken: your server has not acknowledged our requests." in html
    assert "Broken when an event is not acknowledged for 48 h." in html
    assert f'action="{address("webhook_enable", broken)}"' not in html

    answer = admin.post(address("webhook_unbreak", broken), follow=True)

    told_now = "The webhook is active again; what it missed is being sent."
    assert told(answer) == [told_now]
    broken.refresh_from_db()
    assert broken.status == "Active"
    assert Recovery.objects.filter(webhook=broken).count() == 1
    event = AuditEvent.objects.filter(action="webhook.enabled").get()
    assert (event.actor_kind, event.actor_name) == ("person", "dana")


def test_unbreaking_twice_begins_one_recovery(admin, broken):
    admin.post(address("webhook_unbreak", broken))

    answer = admin.post(address("webhook_unbreak", broken), follow=True)

    assert told(answer)[-1] == "The webhook is not broken."
    assert Recovery.objects.count() == 1


def test_a_stopped_webhook_says_what_stopped_it(admin, alloy):
    from subscriptions.clock import database_time
    from subscriptions.webhooks import disable_webhook

    disable_webhook(alloy.pk, reason="ConsecutiveFailures", now=database_time())

    html = text_of(admin.get(address("webhook_settings", alloy)))

    assert "This webhook is disabled." in html
    assert "Disabled after 100 failed attempts in a row within 72 h." in html
    assert f'action="{address("webhook_enable", alloy)}"' in html
