"""The API speaks English to everybody, whatever it is asked for and after."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.builders import make_webhook
from tests.people import make_person

SPANISH = {"Accept-Language": "es-MX,es;q=0.9"}


@pytest.fixture
def after_a_spanish_page(acme):
    """By the same thread, which keeps the language of the page."""
    client = Client()
    client.force_login(make_person("dana", acme))
    html = client.get("/admin/settings/webhooks/", headers=SPANISH, follow=True)
    assert '<html lang="es"' in html.content.decode()


def test_a_refusal_of_an_operation_is_english(api, acme, after_a_spanish_page):
    webhook = make_webhook(acme, name="Warehouse")
    body = {
        "Name": "Warehouse",
        "Url": "https://receiver.example.com/",
        "SubsidiaryId": webhook.subsidiary.code,
        "Events": ["load.changed"],
    }

    answer = api.post("/webhooks", body, headers=SPANISH)

    assert answer.status_code == 409
    assert answer.json()["Detail"] == (
        "The subsidiary already has a webhook named 'Warehouse'."
    )


def test_a_refusal_of_a_field_is_english(api, acme, after_a_spanish_page):
    answer = api.post("/webhooks", {"Filter": []}, headers=SPANISH)

    errors = answer.json()["Errors"]
    assert errors["Name"] == ["This field is required."]
    assert errors["Filter"] == [
        "The filter must be an object of paths, each with a list of values."
    ]
