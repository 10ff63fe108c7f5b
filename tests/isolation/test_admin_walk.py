"""A tenant's superuser, in every table of the admin, before another tenant's rows."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from deliveries.models import (
    Attempt,
    Delivery,
    Event,
    Incident,
    NotificationRule,
    Recovery,
)
from subscriptions.models import (
    ApiClient,
    AuditEvent,
    EventType,
    Tenant,
    User,
    Webhook,
)
from subscriptions.signing_secrets import reveal_secret
from subscriptions.tenancy import create_api_client
from tests.isolation.conftest import MARK
from tests.isolation.route_table import routes
from tests.people import make_person

# How Acme comes to a row of each table. A new table of the admin needs a line.
SCOPED = {
    ApiClient: lambda acmes: create_api_client(tenant=acmes.tenant, name=MARK).client,
    Attempt: lambda acmes: acmes.attempt,
    AuditEvent: lambda acmes: AuditEvent.objects.filter(tenant=acmes.tenant).first(),
    Delivery: lambda acmes: acmes.delivery,
    Event: lambda acmes: acmes.event,
    Incident: lambda acmes: acmes.incident,
    NotificationRule: lambda acmes: acmes.rule,
    Recovery: lambda acmes: acmes.with_recovery(),
    Tenant: lambda acmes: acmes.tenant,
    User: lambda acmes: make_person(f"{MARK}-person", acmes.tenant),
    Webhook: lambda acmes: acmes.webhook,
}
# Nobody's: the catalogue, which all may read, and the rights, which the platform gives.
SHARED = {EventType, Group}

EACH = pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__name__)
# Pages of the admin that somebody can see who has not logged in.
FOR_ANYBODY = {
    "login",
    "jsi18n",
    "code",
    "logout",
    "language",
    "account/forgotten",
    "account/password/",
}


@pytest.fixture
def root(client, globexs):
    """Globex's superuser: what he is refused, he is refused for his tenant's sake."""
    person = make_person("globex-root", globexs.tenant)
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    client.force_login(person)
    client.get(reverse("admin:second_factor"))
    return client


@pytest.fixture
def row(acmes, model):
    if model is AuditEvent:
        reveal_secret(acmes.webhook)
    return SCOPED[model](acmes)


def page(model, name, *args):
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{name}", args=args)


def told(client, address, key, *, form=None):
    """All that an answer tells, but for the key that was asked for."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address) if form is None else client.post(address, form)
    shown = client.get("/admin/", follow=True).context["messages"]
    told_later = [str(message) for message in shown]
    text = response.content.decode() + " ".join(told_later)
    text = text.replace(response["X-Request-Id"], "")
    text = re.sub(r'nonce="[^"]*"|name="csrfmiddlewaretoken" value="\w+"', "", text)
    said = re.compile(rf"(?<=[/“]){key}(?=[/”])")
    place = said.sub("<it>", response.headers.get("Location", ""))
    return response.status_code, place, said.sub("<it>", text), len(queries)


NOBODYS = "999999999"


def test_every_table_of_the_admin_is_walked():
    assert set(site._registry) == SCOPED.keys() | SHARED


@EACH
@pytest.mark.parametrize("asked", [{}, {"q": MARK}, {"tenant__id__exact": "1"}])
def test_a_table_opens_itself_to_no_tenant(root, row, model, asked):
    response = root.get(page(model, "changelist"), asked)

    assert response.status_code == 403
    for ours in ("ACME", "Acme", MARK):
        assert ours not in response.content.decode()


PAGES = ("change", "history", "delete")


@EACH
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("form", [None, {"post": "yes", "name": "taken"}])
def test_a_row_of_acme_is_as_unknown_as_any(root, row, model, name, form, unchanged):
    before = unchanged(but=["AuditEvent"])

    foreign, unknown = (
        told(root, page(model, name, key), key, form=form)
        for key in (str(row.pk), NOBODYS)
    )

    assert foreign == unknown
    assert unchanged(but=["AuditEvent"]) == before


@EACH
def test_an_action_on_acmes_rows_does_nothing(root, row, model, unchanged):
    before = unchanged()

    for action in ("delete_selected", "revoke"):
        chosen = {"action": action, "_selected_action": [row.pk], "post": "yes"}
        for more in ({}, {"select_across": "1"}):
            answer = root.post(page(model, "changelist"), chosen | more)
            assert answer.status_code == 403

    assert unchanged() == before


@EACH
def test_a_form_is_open_to_no_tenant(root, row, model):
    assert root.get(page(model, "add")).status_code == 403


@EACH
def test_the_way_to_a_rows_own_page_tells_nothing(root, row, model):
    kind = ContentType.objects.get_for_model(model).pk

    foreign, unknown = (
        told(root, reverse("admin:view_on_site", args=[kind, key]), key)
        for key in (str(row.pk), NOBODYS)
    )

    assert foreign == unknown
    assert foreign[0] == 404


@EACH
def test_no_autocompletion_names_acmes_rows(root, acmes, row, model):
    """Whatever field is named as the one to complete."""
    for source in site._registry:
        for field in source._meta.get_fields():
            if field.related_model is not model:
                continue
            asked = {
                "app_label": source._meta.app_label,
                "model_name": source._meta.model_name,
                "field_name": field.name,
                "term": "",
            }
            response = root.get(reverse("admin:autocomplete"), asked)
            content = response.content.decode()
            assert response.status_code == 404
            assert MARK not in content
            assert "ACME" not in content


def test_the_password_of_acmes_person_cannot_be_set(root, acmes, unchanged):
    person = SCOPED[User](acmes)
    before = unchanged(but=["AuditEvent"])
    form = {"password1": "another horse staple", "password2": "another horse staple"}

    foreign, unknown = (
        told(
            root, reverse("admin:auth_user_password_change", args=[key]), key, form=form
        )
        for key in (str(person.pk), NOBODYS)
    )

    assert foreign == unknown
    assert foreign[0] in (403, 404)
    assert unchanged(but=["AuditEvent"]) == before


@pytest.mark.parametrize("name", ["", "subscriptions/", "deliveries/"])
def test_an_overview_names_nothing_of_acme(root, acmes, name):
    html = root.get(f"/admin/{name}").content.decode()

    for ours in ("ACME", "Acme", MARK):
        assert ours not in html


def test_no_page_of_the_admin_is_open_to_strangers(client, acmes):
    keys = re.compile(r"<\w+:\w+>|<\w+>|\(.*")
    for route, view in routes():
        if not route.startswith("admin/") or getattr(view, "__name__", "") == "login":
            continue
        address = "/" + keys.sub(str(acmes.webhook.pk), route)
        response = client.get(address)
        if any(name in route for name in FOR_ANYBODY) or response.status_code == 404:
            continue
        assert response.status_code in (301, 302), address
        assert response.url.startswith(("/admin/login/?next=", "/admin/")), address
