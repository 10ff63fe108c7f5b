"""Another tenant's ids where no address has them: bodies, filters, cursors, keys."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deliveries.models import Event
from subscriptions import audit
from subscriptions.audit import About, Action
from subscriptions.identifiers import encode, new_uid
from subscriptions.models import Webhook
from subscriptions.origins import ActorKind, Origin
from tests.builders import publish_sample, sample_of
from tests.isolation.conftest import MARK

UNHEARD_OF = "unheard-of"


def told(send, value):
    """What an answer tells, but for the value that the caller has said himself."""
    with CaptureQueriesContext(connection) as queries:
        response = send(value)
    content = b"".join(response) if response.streaming else response.content
    return response.status_code, content.decode().replace(value, "<it>"), len(queries)


def event(**fields):
    data = sample_of("tender.created")
    return {"Type": "tender.created", "SubsidiaryId": "YARD", "Data": data} | fields


def new_webhook(**fields):
    return {
        "Name": "New",
        "SubsidiaryId": "YARD",
        "Url": "https://new.example.com/",
        "Events": ["tender.created"],
    } | fields


# --- Bodies -----------------------------------------------------------------------------

IN_BODIES = {
    "webhook's subsidiary": (
        "/webhooks",
        "PLANT",
        lambda v: new_webhook(SubsidiaryId=v),
    ),
    "event's subsidiary": ("/events", "PLANT", lambda v: event(SubsidiaryId=v)),
    "event's company": ("/events", "ACME", lambda v: event(CompanyCode=v)),
    "subsidiary in a batch": (
        "/events/batch",
        "PLANT",
        lambda v: {"Events": [event(), event(SubsidiaryId=v)]},
    ),
    "company in a batch": (
        "/events/batch",
        "ACME",
        lambda v: {"Events": [event(CompanyCode=v)]},
    ),
}


@pytest.mark.parametrize("case", IN_BODIES)
def test_in_a_body_a_foreign_id_is_as_unknown_as_any(
    globex_api, acmes, globexs, unchanged, case
):
    path, theirs, body = IN_BODIES[case]
    before = unchanged()

    foreign, unknown = (
        told(lambda value: globex_api.post(path, body(value)), value)
        for value in (theirs, UNHEARD_OF)
    )

    assert foreign[0] == 400
    assert foreign == unknown
    assert unchanged() == before


def test_a_webhook_cannot_be_given_away(globex_api, acmes, globexs, errors_of):
    mine = f"/webhooks/{globexs.webhook.public_id}"

    for name in ("SubsidiaryId", "CompanyCode", "TenantId", "Id"):
        found = errors_of(globex_api.put(mine, {name: "PLANT"}))
        assert found == {name: ["This field is unknown here."]}

    globexs.webhook.refresh_from_db()
    assert globexs.webhook.subsidiary == globexs.subsidiary


def test_a_name_is_taken_within_its_subsidiary_alone(globex_api, acmes, globexs):
    body = new_webhook(Name=acmes.webhook.name, Url=acmes.webhook.url)

    assert globex_api.post("/webhooks", body).status_code == 201


def test_an_events_id_is_taken_within_its_tenant_alone(globex_api, acmes, globexs):
    theirs = acmes.event.public_id

    response = globex_api.post("/events", event(Id=theirs))

    assert response.status_code == 202
    assert response.json()["Id"] == theirs
    assert set(
        Event.objects.filter(public_id=theirs).values_list("tenant", flat=True)
    ) == {
        acmes.tenant.pk,
        globexs.tenant.pk,
    }
    [delivery] = globex_api.get(f"/events/{theirs}").json()["Deliveries"]
    assert delivery["WebhookId"] == globexs.webhook.public_id


# --- Filters ----------------------------------------------------------------------------


def filters(acmes, globexs):
    log = f"/webhooks/{globexs.webhook.public_id}/delivery-logs"
    unknown = encode("whk", new_uid())
    yield "/webhooks", "SubsidiaryId", "PLANT", UNHEARD_OF
    yield "/webhooks", "Search", MARK, UNHEARD_OF
    yield "/audit-events", "ObjectId", acmes.webhook.public_id, unknown
    yield "/audit-events", "Actor", "acme-admin", UNHEARD_OF
    yield "/audit-events/export", "ObjectId", acmes.webhook.public_id, unknown
    yield "/events", "EntityId", acmes.event.entity_id, UNHEARD_OF
    yield "/events", "CompanyCode", "ACME", UNHEARD_OF
    for path in (log, f"{log}/export"):
        yield path, "EventId", acmes.event.public_id, UNHEARD_OF
        yield path, "EntityId", acmes.event.entity_id, UNHEARD_OF
        yield path, "Search", MARK, UNHEARD_OF
        yield path, "Search", acmes.delivery.public_id, encode("dlv", new_uid())


FILTERS = 15


@pytest.mark.parametrize("number", range(FILTERS))
def test_a_filter_finds_as_little_of_a_foreign_id_as_of_any(
    globex_api, acmes, globexs, number
):
    person = Origin(kind=ActorKind.PERSON, name="acme-admin")
    audit.record(
        Action.WEBHOOK_UPDATED,
        origin=person,
        about=About("webhook", acmes.webhook.public_id, acmes.webhook.name),
        tenant_id=acmes.tenant.pk,
    )
    asked = list(filters(acmes, globexs))
    path, name, theirs, unknown = asked[number]

    foreign, made_up = (
        told(lambda value: globex_api.get(path, **{name: value}), value)
        for value in (theirs, unknown)
    )

    assert len(asked) == FILTERS
    assert foreign == made_up
    assert MARK not in foreign[1]


def test_the_same_subsidiary_code_means_ones_own(globex_api, program, acmes, globexs):
    for whose in (acmes, globexs):
        Webhook.objects.filter(pk=whose.webhook.pk).update(
            subsidiary=whose.tenant.subsidiaries.get(code="MAIN")
        )

    found = globex_api.get("/webhooks", SubsidiaryId="MAIN").json()["Items"]

    assert [item["Id"] for item in found] == [globexs.webhook.public_id]


# --- Cursors ----------------------------------------------------------------------------


def test_a_foreign_cursor_is_as_good_as_a_made_up_one(
    program, globex_api, acmes, globexs
):
    publish_sample(acmes.tenant)
    theirs = program(acmes.tenant).get("/events", Limit=1).json()["NextCursor"]

    foreign, made_up = (
        told(lambda value: globex_api.get("/events", Cursor=value), value)
        for value in (theirs, theirs[:-4] + "aaaa")
    )

    assert foreign[0] == 400
    assert foreign == made_up


# --- Idempotency keys -------------------------------------------------------------------


def test_a_foreign_key_is_free(program, globex_api, acmes, globexs):
    ours = program(acmes.tenant).post(
        "/webhooks", new_webhook(SubsidiaryId="PLANT"), Idempotency_Key="one"
    )

    theirs = globex_api.post("/webhooks", new_webhook(), Idempotency_Key="one")

    assert (ours.status_code, theirs.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in theirs.headers
    assert theirs.json()["Id"] != ours.json()["Id"]
    assert theirs.json()["Secret"] != ours.json()["Secret"]


def test_a_key_waits_in_vain_on_foreign_webhooks(globex_api, acmes, globexs, refused):
    """The answer 404 is not kept, so nothing tells later that the id was foreign."""
    for webhook_id in (acmes.webhook.public_id, encode("whk", new_uid())):
        path = f"/webhooks/{webhook_id}/rotate-secret"
        for _ in range(2):
            refused(globex_api.post(path, {}, Idempotency_Key="one"), 404)
