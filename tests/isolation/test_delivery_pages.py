"""Pages of deliveries before ids of another tenant's: as unknown as nobody's."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.test import Client

from deliveries.pages.urls import webhook_pages
from subscriptions.identifiers import encode
from tests.isolation.conftest import MARK
from tests.people import make_person

NOBODY = UUID("01890000-0000-7000-8000-000000000000")
UNDER_A_WEBHOOK = "/admin/settings/webhooks/{webhook}/"
PAGES = {
    "webhook_overview": "overview/",
    "webhook_deliveries": "deliveries/",
    "webhook_export": "deliveries/export.csv",
    "webhook_resend_chosen": "deliveries/resend/",
    "webhook_resend_matching": "deliveries/resend-all/",
    "webhook_delivery": "deliveries/{delivery}/",
    "webhook_delivery_fellows": "deliveries/{delivery}/resent/",
    "webhook_resend": "deliveries/{delivery}/resend/",
    "webhook_recover": "recover/",
    "webhook_recovery": "recover/{recovery}/",
    "webhook_recovery_cancel": "recover/{recovery}/cancel/",
}
EACH = pytest.mark.parametrize("name", PAGES)


@pytest.fixture
def theirs(acmes):
    return {
        "webhook": acmes.webhook.public_id,
        "delivery": acmes.delivery.public_id,
        "recovery": acmes.with_recovery().public_id,
    }


@pytest.fixture
def eve(globexs):
    client = Client()
    client.force_login(make_person("eve", globexs.tenant))
    client.get("/admin/settings/webhooks/")
    return client


def nobodys():
    kinds = {"webhook": "whk", "delivery": "dlv", "recovery": "rcv"}
    return {name: encode(prefix, NOBODY) for name, prefix in kinds.items()}


def answer(client, name, ids, method):
    address = (UNDER_A_WEBHOOK + PAGES[name]).format(**ids)
    response = getattr(client, method)(address)
    text = re.sub(r'nonce="[^"]*"', "", response.content.decode())
    return response.status_code, text.replace(response["X-Request-Id"], "")


def test_every_page_stands_here():
    names = {each.name for each in webhook_pages(lambda view: view)}

    assert PAGES.keys() <= names


@EACH
@pytest.mark.parametrize("method", ["get", "post"])
def test_ids_of_acmes_are_as_unknown_as_nobodys(eve, theirs, name, method, unchanged):
    before = unchanged()

    foreign, unknown = (answer(eve, name, ids, method) for ids in (theirs, nobodys()))

    assert foreign == unknown
    assert foreign[0] == 404
    assert MARK not in foreign[1]
    assert unchanged() == before


@pytest.mark.parametrize("name", [each for each in PAGES if "{" in PAGES[each]])
@pytest.mark.parametrize("method", ["get", "post"])
def test_below_a_webhook_of_ones_own_they_are_as_unknown(
    eve, globexs, theirs, name, method
):
    mine = {"webhook": globexs.webhook.public_id}

    foreign, unknown = (
        answer(eve, name, ids | mine, method) for ids in (theirs, nobodys())
    )

    assert foreign == unknown
    assert foreign[0] == 404


@EACH
def test_strangers_are_sent_to_the_login(db, theirs, name):
    for ids in (theirs, nobodys()):
        address = (UNDER_A_WEBHOOK + PAGES[name]).format(**ids)
        assert Client().get(address).url == f"/admin/login/?next={address}"
