"""People of the dashboard, each with a browser that is logged in."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.people import make_person


def logged_in(person):
    client = Client()
    client.force_login(person)
    client.get("/admin/account/two-factor/")
    return client


@pytest.fixture
def admin(acme):
    return logged_in(make_person("dana", acme))


@pytest.fixture
def engineer(acme):
    return logged_in(make_person("eli", acme, role="engineer"))


@pytest.fixture
def support(db):
    return logged_in(make_person("sam"))


@pytest.fixture
def globexs(globex):
    """Globex's own admin."""
    return logged_in(make_person("gina", globex))


def address(name, webhook=None, **query):
    from urllib.parse import urlencode

    from django.urls import reverse

    path = reverse(f"admin:{name}", args=[webhook.public_id] if webhook else [])
    return f"{path}?{urlencode(query)}" if query else path


def told(response):
    """The messages on the page that the answer leads to."""
    return [str(message) for message in response.context["messages"]]
