"""The catalogue for people: groups, fields, samples, and whose webhooks subscribe."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from subscriptions.models import EventType
from subscriptions.profiles import all_profiles
from tests.builders import make_webhook
from tests.people import make_person

LIST = "/admin/settings/webhooks/events/"


def page(name):
    return reverse("admin:event", args=[name])


@pytest.fixture
def dana(client, acme):
    client.force_login(make_person("dana", acme))
    client.get(reverse("admin:webhooks"))
    return client


def names(response):
    return [link.name for group in response.context["groups"] for link in group.links]


@pytest.mark.parametrize("profile", [each.name for each in all_profiles()])
def test_each_profile_shows_its_event_types_in_groups(dana, profile):
    response = dana.get(LIST, {"profile": profile})

    rows = EventType.objects.of(profile).order_by("group", "name")
    assert names(response) == [row.name for row in rows]
    assert [each.label for each in response.context["groups"]] == sorted(
        {row.group for row in rows}
    )


def test_without_a_word_or_with_an_odd_one_it_is_the_first_profile(dana):
    for asked in ({}, {"profile": "none"}, {"profile": "\0"}):
        assert dana.get(LIST, asked).context["profile"] == "alvys"


@pytest.mark.parametrize("words", ["TENDER.cre", "tender.created"])
def test_words_narrow_the_list(dana, words):
    assert names(dana.get(LIST, {"q": words})) == ["tender.created"]


def test_what_nothing_matches_says_so(dana):
    response = dana.get(LIST, {"q": "nothing of that kind"})

    assert "No events match" in response.content.decode()


@pytest.mark.parametrize("profile", all_profiles(), ids=lambda profile: profile.name)
def test_each_event_type_has_its_page_with_fields_and_a_sample(dana, profile):
    for each in profile.event_types:
        response = dana.get(page(each.name), {"profile": profile.name})

        html = response.content.decode()
        sample = json.loads(response.context["sample"])
        assert response.context["event"].profile == profile.name
        assert response.context["version"] == profile.version
        assert len(html.encode()) < 200_000
        assert sample != each.sample
        for name in each.schema.get("properties", ()):
            assert f'<code class="field-name">{name}</code>' in html


def test_the_page_names_the_webhooks_of_ones_own_that_subscribe(dana, acme, globex):
    mine = make_webhook(acme, name="Warehouse")
    make_webhook(globex, name="Ledger of Globex")
    make_webhook(acme, name="Elsewhere", events=["load.changed"])

    html = dana.get(page("tender.created")).content.decode()

    assert reverse("admin:webhook", args=[mine.public_id]) in html
    assert "Warehouse" in html
    assert "Globex" not in html
    assert "Elsewhere" not in html


def test_the_support_sees_the_webhooks_of_all_with_their_tenants(client, acme, globex):
    make_webhook(acme, name="Warehouse")
    make_webhook(globex, name="Ledger")
    client.force_login(make_person("sam"))

    response = client.get(page("tender.created"))

    assert [each.name for each in response.context["subscribers"]] == [
        "Ledger",
        "Warehouse",
    ]
    assert "Globex" in response.content.decode()


@pytest.mark.parametrize("name", ["no.such", "x" * 300, "%00"])
def test_an_event_type_that_is_none_is_not_found(dana, name):
    assert dana.get(f"{LIST}{name}/").status_code == 404


def test_a_type_that_no_release_has_any_more_keeps_its_page(dana):
    EventType.objects.create(
        profile="alvys",
        name="old.one",
        group="Old",
        description="Was.",
        schema={"properties": {"id": {"type": "string"}}},
        sample={"id": "1"},
        is_deprecated=True,
    )

    response = dana.get(page("old.one"))

    assert json.loads(response.context["sample"]) == {"id": "1"}
    assert "deprecated" in response.content.decode()


@pytest.mark.parametrize("address", [LIST, f"{LIST}tender.created/"])
def test_it_takes_the_same_few_queries_however_many_webhooks_there_are(
    dana, acme, address
):
    make_webhook(acme)
    with CaptureQueriesContext(connection) as one:
        dana.get(address)
    for _ in range(15):
        make_webhook(acme)
    with CaptureQueriesContext(connection) as many:
        dana.get(address)

    assert len(one) == len(many) <= 12
