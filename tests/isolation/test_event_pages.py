"""The pages of events before what is another tenant's: as unknown as nobody's."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.isolation.conftest import MARK
from tests.people import make_person

NOBODYS = "evt-nobodys"


@pytest.fixture
def eve(globexs):
    client = Client()
    client.force_login(make_person("eve", globexs.tenant))
    client.get("/admin/settings/webhooks/")
    return client


def answer(client, path, method="get"):
    response = getattr(client, method)(path)
    text = re.sub(r'(nonce|n" value)="[^"]*"', "", response.content.decode())
    return response.status_code, text.replace(response["X-Request-Id"], "")


def page_of(event_id):
    return reverse("admin:published_event", args=[event_id])


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("query", ["", "?tenant=ACME"])
def test_an_event_of_acmes_is_as_unknown_as_nobodys(
    eve, acmes, method, query, unchanged
):
    before = unchanged()

    foreign, unknown = (
        answer(eve, page_of(event_id) + query, method)
        for event_id in (acmes.event.public_id, NOBODYS)
    )

    assert foreign == unknown
    assert foreign[0] == 404
    assert MARK not in foreign[1]
    assert unchanged() == before


@pytest.mark.parametrize("name", ["q", "entity", "tenant", "event"])
def test_no_filter_leads_to_events_of_acmes(eve, acmes, name):
    said = {
        "q": acmes.event.public_id,
        "entity": acmes.event.entity_id,
        "tenant": "ACME",
        "event": acmes.event.type,
    }

    response = eve.get(reverse("admin:published_events"), {name: said[name]})

    assert acmes.event not in [row.event for row in response.context["rows"]]
    shown = response.content.decode().replace(said[name], "")
    assert MARK not in shown


def test_their_ids_are_found_no_more_than_nobodys(eve, acmes):
    find = reverse("admin:find")

    foreign, unknown = (
        answer(eve, f"{find}?q={event_id}")[1].replace(event_id, "")
        for event_id in (acmes.event.public_id, NOBODYS)
    )

    assert foreign == unknown


@pytest.mark.parametrize("event_id", ["", NOBODYS])
def test_strangers_are_sent_to_the_login(db, event_id):
    path = page_of(event_id) if event_id else reverse("admin:published_events")

    assert Client().get(path).url == f"/admin/login/?next={path}"
