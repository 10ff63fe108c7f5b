"""SupplierXM's own API: another door to the same webhooks."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from django.db import connection

from deliveries.models import WebhookHealth
from subscriptions.models import (
    AuditEvent,
    EventType,
    SignatureToken,
    SigningSecret,
    Subscription,
    Subsidiary,
    Webhook,
)
from subscriptions.profiles import profile
from subscriptions.signature_tokens import readable_tokens
from tests.builders import make_tenant, make_webhook

BASE = "/rfp/public/v1"
WEBHOOK = f"{BASE}/webhook"
UNBREAK = [f"{BASE}/webhooks/{{}}/unbreak", "/v1/webhooks/{}/unbreak"]
NOBODYS = "0194f6c0-5f3e-7d7a-9c1b-3e5a7f9b1d2c"
URL = "https://hooks.supplier.example.com/tenders"
CREATED = {"name": "EVENT_CREATED", "version": 1}
UPDATED = {"name": "EVENT_UPDATED", "version": 1}
NO_WEBHOOK = {"message": "webhook not found", "status": 404, "data": {}}
NO_EVENT = {"message": "webhook event(s) not found", "status": 404, "data": {}}
URL_EXISTS = {
    "message": "a webhook with this url already exist",
    "status": 409,
    "data": {},
}


def body(**fields):
    wanted = {"url": URL, "registered_events": [CREATED]} | fields
    return {"webhook": {k: v for k, v in wanted.items() if v is not ...}}


@pytest.fixture
def create(api):
    """Create a webhook by the API; return it as it was answered."""

    def make(**fields):
        response = api.post(WEBHOOK, body(**fields))
        assert response.status_code == 200, response.content
        return response.json()["webhook"]

    return make


@pytest.fixture
def change(api):
    def put(uuid, **fields):
        return api.put(WEBHOOK, {"webhook": {"uuid": uuid} | fields})

    return put


def rows():
    """All that a request could have changed."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in (Webhook, Subscription, SignatureToken, AuditEvent)
    }


def refusal(response, status):
    """Assert SupplierXM's form of a refusal, and return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/json"
    said = response.json()
    assert list(said) == ["message", "status", "data"]
    assert said["status"] == status
    assert said["message"]
    return said


# --- The catalogue ------------------------------------------------------------------


def test_the_events_are_an_array(api):
    response = api.get(f"{BASE}/webhooks_events")

    assert response.status_code == 200
    assert response.json() == [
        {"name": each.name, "version": 1, "description": each.description}
        for each in profile("supplierxm").event_types
    ]
    assert len(response.json()) == 7


def test_the_events_take_two_queries(api, django_assert_num_queries):
    with django_assert_num_queries(2):
        api.get(f"{BASE}/webhooks_events")


def test_what_cannot_be_subscribed_to_is_not_offered(api):
    EventType.objects.filter(name="BU_CHASED").update(is_subscribable=False)

    names = [each["name"] for each in api.get(f"{BASE}/webhooks_events").json()]

    assert "BU_CHASED" not in names
    assert len(names) == 6


# --- Create -------------------------------------------------------------------------


def test_a_new_webhook_is_answered_whole(api):
    response = api.post(WEBHOOK, body(registered_events=[UPDATED, CREATED]))

    webhook = Webhook.objects.get()
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json() == {
        "webhook": {
            "uuid": str(webhook.uid),
            "url": URL,
            "last_success_at": None,
            "is_broken": False,
            "last_failure_at": None,
            "signature_token": None,
            "registered_events": [UPDATED, CREATED],
        }
    }
    assert response["Cache-Control"] == "no-store"
    assert UUID(response.json()["webhook"]["uuid"]) == webhook.uid


def test_it_is_active_at_once(acme, create):
    create()

    webhook = Webhook.objects.get()
    assert (webhook.tenant, webhook.profile) == (acme, "supplierxm")
    assert (webhook.status, webhook.verification_due_at) == ("Active", None)
    assert webhook.created_by == "CRM"
    assert not SigningSecret.objects.exists()


def test_it_is_named_after_its_host_however_many_there_are(create):
    for path in ("a", "b", "c"):
        create(url=f"https://hooks.supplier.example.com/{path}")

    assert sorted(Webhook.objects.values_list("name", flat=True)) == [
        "hooks.supplier.example.com",
        "hooks.supplier.example.com 2",
        "hooks.supplier.example.com 3",
    ]


def test_a_url_is_stored_in_its_canonical_form(create):
    created = create(url="https://Hooks.Supplier.example.com:443/tenders")

    assert created["url"] == URL


def test_an_event_that_is_named_twice_is_registered_once(create):
    created = create(registered_events=[CREATED, CREATED])

    assert created["registered_events"] == [CREATED]


def test_it_belongs_to_the_oldest_subsidiary_unless_it_says_which(acme, create):
    for code in ("ZULU", "ALFA"):
        Subsidiary.objects.create(tenant=acme, code=code, name=code)

    create(url=f"{URL}/1")
    create(url=f"{URL}/2", subsidiary_id="ZULU")

    codes = Webhook.objects.order_by("id").values_list("subsidiary__code", flat=True)
    assert list(codes) == ["MAIN", "ZULU"]


def test_a_subsidiary_must_be_the_tenants_own(api, globex):
    Subsidiary.objects.create(tenant=globex, code="YARD", name="Yard")
    before = rows()

    for code in ("YARD", "NONE"):
        said = refusal(api.post(WEBHOOK, body(subsidiary_id=code)), 400)
        sentence = f"The tenant has no subsidiary '{code}'."
        assert said["data"] == {"webhook": [f"subsidiary_id: {sentence}"]}

    assert rows() == before


def test_a_tenant_without_a_subsidiary_has_no_webhooks(api, acme):
    Subsidiary.objects.filter(tenant=acme).delete()

    said = refusal(api.post(WEBHOOK, body()), 400)

    assert said["message"] == ("webhook: subsidiary_id: The tenant has no subsidiary.")


def test_the_creation_is_recorded_without_the_token(create):
    create(signature_token="between us")

    event = AuditEvent.objects.get(action="webhook.created")
    assert event.changes["SignatureToken"] == {"Before": None, "After": "••••"}
    assert "between us" not in str(AuditEvent.objects.values())


# --- What is refused ----------------------------------------------------------------

WRONG = {
    "no webhook": ({}, "webhook: This field is required."),
    "a webhook that is a text": (
        {"webhook": "x"},
        "webhook: Invalid data. Expected a dictionary, but got str.",
    ),
    "an unknown member": (
        {**body(), "more": 1},
        "more: This field is unknown here.",
    ),
    "an unknown member of the webhook": (
        body(is_broken=False),
        "webhook: is_broken: This field is unknown here.",
    ),
    "no url": (body(url=...), "webhook: url: This field is required."),
    "a url by HTTP": (body(url="http://hooks.supplier.example.com/"), None),
    "a url within": (body(url="https://localhost/"), None),
    "a url that is a number": (body(url=7), "webhook: url: Not a valid string."),
    "no events": (
        body(registered_events=...),
        "webhook: registered_events: This field is required.",
    ),
    "an empty list of events": (
        body(registered_events=[]),
        "webhook: registered_events: Ensure this field has at least 1 elements.",
    ),
    "events as an object": (
        body(registered_events=CREATED),
        'webhook: registered_events: Expected a list of items but got type "dict".',
    ),
    "an event as a text": (body(registered_events=["EVENT_CREATED"]), None),
    "an event without a version": (
        body(registered_events=[{"name": "EVENT_CREATED"}]),
        None,
    ),
    "a version as a text": (
        body(registered_events=[{"name": "EVENT_CREATED", "version": "1"}]),
        None,
    ),
    "an empty token": (
        body(signature_token=""),
        "webhook: signature_token: This field may not be blank.",
    ),
    "a token that is a number": (
        body(signature_token=7),
        "webhook: signature_token: Not a valid string.",
    ),
    "a token that is too long": (body(signature_token="x" * 256), None),
    "a uuid": (body(uuid=NOBODYS), "webhook: uuid: This field is unknown here."),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_body_that_is_wrong_is_refused_with_a_sentence(api, case):
    wrong, message = WRONG[case]

    said = refusal(api.post(WEBHOOK, wrong), 400)

    assert said["data"]
    assert message in (None, said["message"])
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    "event",
    [
        {"name": "EVENT_LOST", "version": 1},
        {"name": "EVENT_CREATED", "version": 2},
        {"name": "EVENT_CREATED", "version": 0},
        # Of another profile.
        {"name": "tender.created", "version": 1},
    ],
)
def test_an_unknown_event_is_not_found(api, change, create, event):
    response = api.post(WEBHOOK, body(registered_events=[CREATED, event]))

    assert refusal(response, 404) == NO_EVENT
    assert not Webhook.objects.exists()

    created, before = create(), rows()
    response = change(created["uuid"], registered_events=[event])
    assert refusal(response, 404) == NO_EVENT
    assert rows() == before


def test_a_url_has_one_webhook(api, create, change):
    create()
    other = create(url=f"{URL}/other")
    before = rows()

    for url in (URL, "https://HOOKS.supplier.example.com:443/tenders"):
        assert refusal(api.post(WEBHOOK, body(url=url)), 409) == URL_EXISTS
        assert refusal(change(other["uuid"], url=url), 409) == URL_EXISTS

    assert rows() == before


def test_a_url_is_free_again_after_the_deletion(api, create):
    api.delete(f"{WEBHOOK}?uuid={create()['uuid']}")

    assert create()["url"] == URL


def test_a_url_is_taken_within_the_tenant_and_the_profile_alone(
    acme, create, globex_api
):
    make_webhook(acme, url=URL)

    create()

    assert globex_api.post(WEBHOOK, body()).status_code == 200


def test_a_webhook_may_be_told_the_url_that_it_has(create, change):
    created = create()

    assert change(created["uuid"], url=URL).json()["webhook"] == created


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_who_create_the_same_at_once_create_one(program):
    acme = make_tenant("ACME")
    callers = [program(acme) for _ in range(2)]
    barrier, statuses = threading.Barrier(2), []

    def create(caller):
        barrier.wait(timeout=5)
        statuses.append(caller.post(WEBHOOK, body()).status_code)
        connection.close()

    threads = [threading.Thread(target=create, args=[each]) for each in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert sorted(statuses) == [200, 409]
    assert Webhook.objects.count() == 1


def test_the_tenants_limit_counts(api, create, settings):
    settings.WEBHOOKS_MAX_WEBHOOKS = 1
    create()

    said = refusal(api.post(WEBHOOK, body(url=f"{URL}/2")), 400)

    assert said["message"] == "A tenant has at most 1 webhooks."


# --- List ---------------------------------------------------------------------------


def test_the_webhooks_are_an_array_the_newest_first(api, create):
    first, second = create(url=f"{URL}/1"), create(url=f"{URL}/2")

    response = api.get(WEBHOOK)

    assert response.status_code == 200
    assert response.json() == [second, first]
    assert response["Cache-Control"] == "no-store"


def test_webhooks_of_other_profiles_are_not_shown(acme, api, create, change):
    other = make_webhook(acme)

    assert api.get(WEBHOOK).json() == []
    assert refusal(change(str(other.uid), url=URL), 404) == NO_WEBHOOK
    assert refusal(api.delete(f"{WEBHOOK}?uuid={other.uid}"), 404) == NO_WEBHOOK


def test_the_list_says_how_each_is_doing(acme, api, create):
    create()
    webhook = Webhook.objects.get()
    WebhookHealth.objects.update_or_create(
        webhook=webhook,
        defaults={
            "last_success_at": "2026-11-20T08:00:00Z",
            "last_failure_at": "2026-11-21T09:30:00Z",
        },
    )
    Webhook.objects.update(
        status="Disabled",
        disabled_at="2026-11-22T08:00:00Z",
        disabled_reason="NotAcknowledged",
    )

    [shown] = api.get(WEBHOOK).json()

    assert shown["is_broken"] is True
    assert shown["last_success_at"] == "2026-11-20T08:00:00Z"
    assert shown["last_failure_at"] == "2026-11-21T09:30:00Z"


def test_one_that_somebody_disabled_is_not_broken(api, create):
    create()
    Webhook.objects.update(
        status="Disabled", disabled_at="2026-11-22T08:00:00Z", disabled_reason="Manual"
    )

    [shown] = api.get(WEBHOOK).json()

    assert shown["is_broken"] is False


def test_a_list_takes_as_many_queries_for_one_as_for_many(
    api, create, django_assert_num_queries
):
    create()
    with django_assert_num_queries(6):
        api.get(WEBHOOK)
    for number in range(3):
        create(url=f"{URL}/{number}", registered_events=[CREATED, UPDATED])

    with django_assert_num_queries(6):
        assert len(api.get(WEBHOOK).json()) == 4


# --- Change -------------------------------------------------------------------------


def test_an_event_that_is_left_out_is_unsubscribed(api, create, change):
    created = create(registered_events=[CREATED, UPDATED])

    response = change(created["uuid"], registered_events=[UPDATED])

    assert response.status_code == 200
    assert response.json() == {"webhook": created | {"registered_events": [UPDATED]}}
    assert api.get(WEBHOOK).json() == [response.json()["webhook"]]


def test_all_events_may_be_left_out(create, change):
    changed = change(create()["uuid"], registered_events=[]).json()["webhook"]

    assert changed["registered_events"] == []
    assert not Subscription.objects.exists()


def test_what_is_not_mentioned_stays(create, change):
    created = create(signature_token="one")

    changed = change(created["uuid"], url=f"{URL}/2").json()["webhook"]

    assert changed == created | {"url": f"{URL}/2"}
    assert change(created["uuid"]).json()["webhook"] == changed


def test_a_new_url_needs_no_verification(create, change):
    change(create()["uuid"], url=f"{URL}/2")

    webhook = Webhook.objects.get()
    assert (webhook.status, webhook.verification_due_at) == ("Active", None)
    assert webhook.updated_by == "CRM"


@pytest.mark.parametrize("uuid", [..., None, 7, ""])
def test_a_change_names_its_webhook(api, create, uuid):
    create()
    before = rows()
    named = {} if uuid is ... else {"uuid": uuid}

    said = refusal(api.put(WEBHOOK, {"webhook": {"url": f"{URL}/2"} | named}), 400)

    assert said["message"].startswith("webhook: uuid: ")
    assert rows() == before


@pytest.mark.parametrize("uuid", [NOBODYS, "no-uuid", "whk_06gvqaqf2tpg17u88t8ugf72n4"])
def test_nobodys_webhook_is_not_found(api, create, change, uuid):
    create()
    before = rows()

    for response in (
        change(uuid, url=f"{URL}/2"),
        api.delete(WEBHOOK, {"uuid": uuid}),
        api.delete(f"{WEBHOOK}?uuid={uuid}"),
        *(api.post(each.format(uuid)) for each in UNBREAK),
    ):
        assert refusal(response, 404) == NO_WEBHOOK
    assert rows() == before


# --- The signature token ------------------------------------------------------------


def test_a_token_can_be_read_set_changed_and_taken_away(api, create, change):
    uuid = create(signature_token=" spaces and ünïcode ")["uuid"]
    shown = [api.get(WEBHOOK).json()[0]["signature_token"]]

    for token in ("second", None, "third"):
        answer = change(uuid, signature_token=token).json()["webhook"]
        shown += [answer["signature_token"]]

    assert shown == [" spaces and ünïcode ", "second", None, "third"]
    assert SignatureToken.objects.count() == 1


def test_a_token_is_stored_sealed(create):
    create(signature_token="between us")

    row = SignatureToken.objects.get()
    assert "between us" not in row.sealed
    assert row.sealed.startswith("v1.")
    assert f"{row} {row!r}" == "•••• <SignatureToken: ••••>"


def test_the_same_token_again_changes_nothing(create, change):
    uuid = create(signature_token="same")["uuid"]
    before = rows()

    change(uuid, signature_token="same")

    assert rows() == before


def test_a_change_of_the_token_is_recorded_without_it(create, change):
    uuid = create(signature_token="first token")["uuid"]

    change(uuid, signature_token="second token")

    event = AuditEvent.objects.get(action="webhook.updated")
    assert event.changes == {"SignatureToken": {"Before": "••••", "After": "••••"}}


def test_a_token_that_cannot_be_opened_can_be_replaced(api, create, change):
    uuid = create(signature_token="first token")["uuid"]
    SignatureToken.objects.update(sealed="v1.gone.AAAA")

    assert api.get(WEBHOOK).json()[0]["signature_token"] == "••••"

    changed = change(uuid, signature_token="second").json()["webhook"]
    assert changed["signature_token"] == "second"


def test_a_token_moved_to_another_webhook_does_not_open(create):
    for number in (1, 2):
        create(url=f"{URL}/{number}", signature_token=f"token {number}")
    first, second = SignatureToken.objects.order_by("id")
    SignatureToken.objects.filter(pk=second.pk).update(sealed=first.sealed)

    assert readable_tokens([first.webhook_id, second.webhook_id]) == {
        first.webhook_id: "token 1",
        second.webhook_id: "••••",
    }


# --- Delete -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "named"), [(False, True), (True, False), (True, True)]
)
def test_a_webhook_is_deleted_by_its_uuid(api, create, query, named):
    uuid = create()["uuid"]
    path = f"{WEBHOOK}?uuid={uuid}" if query else WEBHOOK

    response = api.delete(path, {"uuid": uuid} if named else None)

    assert (response.status_code, response.json()) == (200, None)
    assert response["Content-Type"] == "application/json"
    assert api.get(WEBHOOK).json() == []
    assert Webhook.objects.get().deleted_at is not None


def test_a_deletion_names_its_webhook(api, create):
    create()
    before = rows()

    said = refusal(api.delete(WEBHOOK), 400)

    assert said == {
        "message": "uuid: This field is required.",
        "status": 400,
        "data": {"uuid": ["This field is required."]},
    }
    assert rows() == before


def test_a_deletion_names_one_webhook(api, create):
    uuids = [create(url=f"{URL}/{number}")["uuid"] for number in (1, 2)]
    before = rows()

    response = api.delete(f"{WEBHOOK}?uuid={uuids[0]}", {"uuid": uuids[1]})

    assert refusal(response, 400)["message"] == (
        "uuid: The query names another webhook than the body."
    )
    assert rows() == before


# --- Unbreak ------------------------------------------------------------------------


@pytest.mark.parametrize("address", UNBREAK)
def test_a_broken_webhook_is_active_again(api, create, address):
    uuid = create()["uuid"]
    Webhook.objects.update(
        status="Disabled",
        disabled_at="2026-11-22T08:00:00Z",
        disabled_reason="NotAcknowledged",
    )

    response = api.post(address.format(uuid))

    assert (response.status_code, response.content) == (200, b"null")
    assert response["Content-Type"] == "application/json"
    assert api.get(WEBHOOK).json()[0]["is_broken"] is False
    assert Webhook.objects.get().status == "Active"
    assert AuditEvent.objects.filter(action="webhook.enabled").count() == 1


@pytest.mark.parametrize("address", UNBREAK)
def test_a_healthy_webhook_stays_as_it_is(api, create, address):
    uuid = create()["uuid"]
    before = rows()

    response = api.post(address.format(uuid))

    assert (response.status_code, response.content) == (200, b"null")
    assert rows() == before


def test_unbreaking_takes_nothing(api, create):
    response = api.post(UNBREAK[0].format(create()["uuid"]), {"force": True})

    assert refusal(response, 400)["message"] == "force: This field is unknown here."


# --- The same rules as everywhere ---------------------------------------------------


def test_the_same_creation_with_the_same_key_creates_one(api):
    first, again = (
        api.post(WEBHOOK, body(signature_token="t"), Idempotency_Key="one")
        for _ in range(2)
    )

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert again["Cache-Control"] == "no-store"
    assert Webhook.objects.count() == 1


def test_unbreaking_again_with_the_same_key_is_answered_alike(api, create):
    path = UNBREAK[0].format(create()["uuid"])

    first, again = (api.post(path, Idempotency_Key="one") for _ in range(2))

    assert (first.content, again.content) == (b"null", b"null")
    assert again["Idempotent-Replayed"] == "true"


def test_a_token_that_may_only_read_changes_nothing(acme, program, create):
    uuid, reader = create()["uuid"], program(acme, scopes=["webhooks:read"])
    before = rows()

    for response in (
        reader.post(WEBHOOK, body(url=f"{URL}/2")),
        reader.put(WEBHOOK, {"webhook": {"uuid": uuid, "url": f"{URL}/2"}}),
        reader.delete(f"{WEBHOOK}?uuid={uuid}"),
        reader.post(UNBREAK[0].format(uuid)),
    ):
        said = refusal(response, 403)
        assert said["message"] == "The access token lacks the scope webhooks:write."
    assert reader.get(WEBHOOK).status_code == 200
    assert rows() == before


def test_too_many_requests_are_refused_in_the_same_form(api, settings):
    settings.WEBHOOKS_RATE_PER_TOKEN = 1
    for _ in range(2):
        api.get(WEBHOOK)

    response = api.get(WEBHOOK)

    refusal(response, 429)
    assert int(response["Retry-After"]) >= 1
    assert response["RateLimit-Limit"]


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        (WEBHOOK, "PATCH", 405),
        (f"{BASE}/webhooks_events", "POST", 405),
        (UNBREAK[0].format(NOBODYS), "GET", 405),
        (UNBREAK[1].format(NOBODYS), "GET", 405),
        ("/rfp/public/v1/webhooks", "GET", 404),
        ("/rfp/public/v2/webhook", "GET", 404),
        ("/rfp/", "GET", 404),
        ("/v1/", "GET", 404),
        ("/v1/webhook", "POST", 404),
    ],
)
def test_what_is_not_there_is_refused_in_the_same_form(api, path, method, status):
    refusal(api.send(method, path, b"{}"), status)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"webhook": {"url": "\\u0000"}}', "application/json", 400),
        (b'{"uuid": "a", "uuid": "b"}', "application/json", 400),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b" " * (256 * 1024 + 1), "application/json", 413),
    ],
)
def test_what_is_no_json_is_refused_in_the_same_form(api, method, raw, kind, status):
    refusal(api.send(method, WEBHOOK, raw, kind), status)

    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    "value", [None, True, 0, 2**63 - 1, 1.5, "", "😀" * 300, [], {}, [[]], [None]]
)
@pytest.mark.parametrize(
    "name", ["url", "signature_token", "registered_events", "subsidiary_id", "uuid"]
)
def test_no_value_of_a_member_ends_badly(api, create, name, value):
    uuid = create()["uuid"]
    api.client.raise_request_exception = False

    for method, known in (("POST", {}), ("PUT", {"uuid": uuid})):
        url = f"{URL}/{method}"
        wanted = {"webhook": body(url=url)["webhook"] | known | {name: value}}
        response = api._send(method, WEBHOOK, wanted, {})
        assert response.status_code in (200, 400, 404)
        assert response["Content-Type"] == "application/json"


# --- The same webhook in the main API -----------------------------------------------


def test_the_main_api_shows_it_without_a_secret(api, create):
    created = create(signature_token="between us")

    response = api.get("/webhooks")

    [shown] = response.json()["Items"]
    assert (shown["Profile"], shown["Status"]) == ("supplierxm", "Active")
    assert shown["Secret"] is None
    assert shown["Url"] == created["url"]
    assert shown["Events"] == ["EVENT_CREATED"]
    assert b"between us" not in response.content


def test_the_main_api_creates_one_that_this_api_shows(api):
    wanted = {
        "Name": "Tenders",
        "SubsidiaryId": "MAIN",
        "Url": URL,
        "Events": ["EVENT_CREATED"],
        "Profile": "supplierxm",
    }
    answer = api.post("/webhooks", wanted)

    [shown] = api.get(WEBHOOK).json()
    assert answer.status_code == 201
    assert (answer.json()["Status"], answer.json()["Secret"]) == ("Active", None)
    assert (shown["url"], shown["signature_token"]) == (URL, None)


def test_the_main_api_keeps_a_url_to_one_webhook(api, create, refused):
    create()
    wanted = {
        "Name": "Tenders",
        "SubsidiaryId": "MAIN",
        "Url": URL,
        "Events": ["EVENT_CREATED"],
        "Profile": "supplierxm",
    }

    problem = refused(api.post("/webhooks", wanted), 409)

    assert problem["Detail"] == "The tenant already has a webhook with this URL."
    assert Webhook.objects.count() == 1


@pytest.mark.parametrize("action", ["rotate-secret", "reveal-secret"])
def test_there_is_no_secret_to_rotate_or_reveal(api, create, refused, action):
    create()
    path = f"/webhooks/{Webhook.objects.get().public_id}/{action}"
    before = rows()

    problem = refused(api.post(path), 409)

    assert problem["Detail"] == (
        "A webhook of the profile supplierxm has no signing secret."
    )
    assert rows() == before


def test_its_events_are_those_of_its_profile(api, create, errors_of):
    create()
    path = f"/webhooks/{Webhook.objects.get().public_id}"

    assert errors_of(api.put(path, {"Events": ["tender.created"]})) == {
        "Events": ["Unknown event type: tender.created."]
    }


# --- Globex -------------------------------------------------------------------------


def test_globex_sees_and_changes_nothing(api, create, globex_api):
    uuid = create(signature_token="between us")["uuid"]
    before = rows()

    assert globex_api.get(WEBHOOK).json() == []
    for response in (
        globex_api.put(WEBHOOK, {"webhook": {"uuid": uuid, "url": f"{URL}/2"}}),
        globex_api.delete(f"{WEBHOOK}?uuid={uuid}"),
        *(globex_api.post(each.format(uuid)) for each in UNBREAK),
    ):
        assert refusal(response, 404) == NO_WEBHOOK
    assert rows() == before
