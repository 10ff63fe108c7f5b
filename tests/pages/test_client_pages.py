"""Settings → API clients: a secret once, what a client may, its end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from subscriptions.models import ApiClient, AuditEvent
from subscriptions.scopes import SCOPES
from subscriptions.sessions import CONFIRMED
from subscriptions.tenancy import create_api_client, revoke_api_client

LIST = "/admin/settings/api-clients/"
NEW = f"{LIST}new/"


def client_of(tenant, name="ERP", **options):
    return create_api_client(tenant=tenant, name=name, **options).client


def form(**overrides):
    return {"name": "CRM", "scopes": ["webhooks:read"], "last_day": ""} | overrides


def acts():
    return list(
        AuditEvent.objects.filter(object_kind="client")
        .order_by("id")
        .values_list("action", "actor_name")
    )


def token(created_page):
    fields = {
        "grant_type": "client_credentials",
        "client_id": created_page.context["client"].client_id,
        "client_secret": created_page.context["secret"],
    }
    return Client().post("/oauth/token", fields, content_type="application/json")


def test_a_new_client_shows_its_secret_once_and_gets_a_token(admin, acme):
    page = admin.post(NEW, form())

    html = page.content.decode()
    assert page.context["secret"] in html
    assert "no-store" in page["Cache-Control"]
    assert "http://testserver/oauth/token" in html
    assert "http://testserver/api/p/v3/webhooks" in html
    assert token(page).json()["scope"] == "webhooks:read"
    [client] = ApiClient.objects.filter(tenant=acme)
    assert page.context["secret"] not in admin.get(LIST).content.decode()
    assert acts() == [("client.created", "dana")]
    assert client.expires_at is None


def test_the_curl_of_the_page_has_no_call_that_the_client_may_not_make(admin):
    page = admin.post(NEW, form(scopes=["logs:replay"]))

    assert page.context["calls"].call == ""


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"name": "x" * 256}, "name", "at most 255 characters"),
        ({"scopes": []}, "scopes", "Choose at least one."),
        ({"scopes": ["webhooks:all"]}, "scopes", "Select a valid choice."),
        ({"scopes": ["events:write"]}, "scopes", "Select a valid choice."),
        ({"last_day": "2020-01-01"}, "last_day", "This day has passed."),
    ],
)
def test_what_is_wrong_is_said_and_creates_nothing(admin, wrong, field, sentence):
    page = admin.post(NEW, form(**wrong))

    assert page.status_code == 200
    assert sentence in " ".join(page.context["form"].errors[field])
    assert not ApiClient.objects.exists()


def test_publishing_is_offered_only_where_the_platform_allows_it(admin, settings):
    assert "events:write" not in admin.get(NEW).content.decode()

    settings.WEBHOOKS_TENANTS_MAY_PUBLISH = True

    assert "events:write" in admin.get(NEW).content.decode()


def test_the_eleventh_client_is_refused_and_the_limit_explained(admin, acme):
    for number in range(10):
        client_of(acme, f"Client {number}")

    page = admin.get(NEW)

    assert "A tenant has at most 10 API clients." in page.content.decode()
    assert "<form method" not in page.content.decode().partition("<main")[2]
    answer = admin.post(NEW, form())
    assert "secret" not in answer.context
    assert ApiClient.objects.filter(tenant=acme).count() == 10


def test_scopes_name_and_last_day_are_changed_and_recorded(admin, acme):
    client = client_of(acme, scopes=["webhooks:read", "logs:read"])
    last_day = (timezone.now() + timedelta(days=30)).date()

    admin.post(f"{LIST}{client.client_id}/", form(last_day=last_day.isoformat()))

    client.refresh_from_db()
    assert (client.name, client.scopes) == ("CRM", "webhooks:read")
    assert client.expires_at.date() == last_day
    event = AuditEvent.objects.get(action="client.updated")
    assert event.changes["Scopes"] == {
        "Before": ["webhooks:read", "logs:read"],
        "After": ["webhooks:read"],
    }
    assert event.actor_name == "dana"


def test_saving_what_is_there_records_nothing(admin, acme):
    ends = timezone.now() + timedelta(days=3)
    client = client_of(acme, scopes=["webhooks:read"], expires_at=ends)

    held = form(name="ERP", last_day=ends.date().isoformat())
    admin.post(f"{LIST}{client.client_id}/", held)

    client.refresh_from_db()
    assert client.expires_at == ends
    assert [action for action, _ in acts()] == ["client.created"]


def test_what_the_platform_granted_can_be_kept(admin, acme):
    client = client_of(acme, scopes=["events:write", "webhooks:read"])

    wanted = form(scopes=["events:write", "webhooks:read"])
    admin.post(f"{LIST}{client.client_id}/", wanted)

    client.refresh_from_db()
    assert client.name == "CRM"
    assert set(client.scopes.split()) == {"events:write", "webhooks:read"}


def test_a_revoked_client_has_no_token_left_and_cannot_come_back(admin, acme):
    page = admin.post(NEW, form())
    bearer = token(page).json()["access_token"]
    client = ApiClient.objects.get()
    headers = {"Authorization": f"Bearer {bearer}"}
    assert Client().get("/api/p/v3/webhooks", headers=headers).status_code == 200

    admin.post(f"{LIST}{client.client_id}/revoke/")

    assert Client().get("/api/p/v3/webhooks", headers=headers).status_code == 401
    admin.post(f"{LIST}{client.client_id}/", form())
    assert token(page).status_code == 401
    assert acts()[1:] == [("client.revoked", "dana"), ("token.refused", "")]


def test_revoking_twice_is_revoking_once(admin, acme):
    client = client_of(acme)

    for _ in range(2):
        admin.post(f"{LIST}{client.client_id}/revoke/")

    assert [action for action, _ in acts()].count("client.revoked") == 1


def test_a_deleted_client_makes_room(admin, acme):
    client = client_of(acme)

    admin.post(f"{LIST}{client.client_id}/delete/")

    assert not ApiClient.objects.exists()
    assert acts()[-1] == ("client.deleted", "dana")


def test_the_list_says_when_a_client_got_its_last_token(admin, acme):
    page = admin.post(NEW, form())
    assert "never" in admin.get(LIST).content.decode()

    token(page)

    [client] = admin.get(LIST).context["clients"]
    assert client.last_token_at is not None


def test_an_ended_client_is_shown_as_such(admin, acme):
    client = client_of(acme)
    revoke_api_client(client, now=timezone.now())

    assert "Ended" in admin.get(LIST).content.decode()
    page = admin.get(f"{LIST}{client.client_id}/").content.decode()
    assert "This client has ended." in page
    assert "Save changes" not in page


@pytest.mark.parametrize("page", ["", "revoke/", "delete/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_client_of_acme_is_as_unknown_to_globex_as_any(globexs, acme, page, method):
    known = client_of(acme).client_id

    for client_id in (known, "nobodys"):
        answer = getattr(globexs, method)(f"{LIST}{client_id}/{page}", form())
        assert answer.status_code == 404

    assert ApiClient.objects.get().name == "ERP"
    assert acts() == [("client.created", "system")]


def test_the_platforms_client_is_not_there_for_a_tenant(admin):
    client = client_of(None, "Platform")

    assert admin.get(f"{LIST}{client.client_id}/").status_code == 404
    assert "Platform" not in admin.get(LIST).content.decode().partition("<main")[2]


@pytest.mark.parametrize("who", ["engineer", "support"])
def test_only_a_tenant_admin_has_these_pages(request, acme, who):
    browser = request.getfixturevalue(who)
    client_id = client_of(acme).client_id

    for page in ("", "new/", f"{client_id}/", f"{client_id}/revoke/"):
        assert browser.get(LIST + page).status_code == 403
        if page:
            assert browser.post(LIST + page, form()).status_code == 403
    assert (
        f'href="{LIST}"'
        not in browser.get("/admin/settings/webhooks/").content.decode()
    )


@pytest.mark.parametrize("page", ["new/", "{}/", "{}/revoke/", "{}/delete/"])
def test_a_stolen_session_is_not_enough(admin, acme, page):
    client_id = client_of(acme).client_id
    session = admin.session
    session[CONFIRMED] = (timezone.now() - timedelta(minutes=16)).isoformat()
    session.save()

    answer = admin.post(LIST + page.format(client_id), form())

    assert answer.status_code == 302
    assert answer.url.startswith("/admin/account/confirm/")
    assert acts() == [("client.created", "system")]


def test_ten_clients_take_as_many_queries_as_one(admin, acme):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            admin.get(LIST)
        return len(asked)

    client_of(acme)
    before = queries()
    for number in range(9):
        client_of(acme, f"Client {number}", scopes=list(SCOPES))

    assert queries() == before <= 12
