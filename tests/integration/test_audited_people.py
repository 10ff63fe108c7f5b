"""What people do in the admin, and at its door, is recorded."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from subscriptions.models import ApiClient, AuditEvent, Tenant, User
from subscriptions.tenancy import create_api_client

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """What is kept for a minute must not depend on how long a log-in takes."""
    quick = "django.contrib.auth.hashers.MD5PasswordHasher"
    settings.PASSWORD_HASHERS = [quick, *settings.PASSWORD_HASHERS]


@pytest.fixture
def operator(db):
    return User.objects.create_superuser("operator", password=PASSWORD)


@pytest.fixture
def dispatcher(acme):
    person = User(username="dispatcher", tenant=acme, is_staff=True)
    person.set_password(PASSWORD)
    person.save()
    return person


@pytest.fixture
def browser(operator):
    """Of the operator, who logged in before anybody looked."""
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def news(db):
    """What was recorded since the last time that somebody asked."""
    seen = set()

    def since_then():
        fresh = list(AuditEvent.objects.order_by("id"))
        found = [each for each in fresh if each.pk not in seen]
        seen.update(each.pk for each in fresh)
        return found

    return since_then


def page(model, name, *args):
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{name}", args=args)


def log_in(username, password, **headers):
    form = {"username": username, "password": password}
    return Client().post("/admin/login/", form, headers=headers)


# --- At the door --------------------------------------------------------------------


def test_who_logs_in_and_out_is_recorded(dispatcher, news):
    news()
    client = Client()

    client.post("/admin/login/", {"username": "dispatcher", "password": PASSWORD})
    client.post("/admin/logout/")

    came, went = news()
    assert (came.action, went.action) == ("login.succeeded", "logout.succeeded")
    for event in (came, went):
        assert (event.actor_kind, event.actor_name) == ("person", "dispatcher")
        assert (event.tenant, event.object_id) == (dispatcher.tenant, "dispatcher")
        assert event.address == "127.0.0.1"
        assert event.request_id


def test_who_fails_to_log_in_is_recorded_under_the_name_that_exists(dispatcher, news):
    news()

    log_in("dispatcher", "wrong")

    (event,) = news()
    assert (event.action, event.tenant) == ("login.failed", dispatcher.tenant)
    assert (event.actor_kind, event.object_id) == ("unknown", "dispatcher")


def test_a_password_typed_as_a_name_is_not_kept(dispatcher, news):
    news()

    log_in(PASSWORD, "")
    log_in(PASSWORD, "x")

    (event,) = news()
    assert (event.action, event.tenant) == ("login.failed", None)
    assert (event.actor_name, event.object_id, event.object_name) == ("", "", "")


def test_guessing_does_not_fill_the_table(dispatcher, news):
    news()

    for _ in range(15):
        log_in("dispatcher", "wrong")

    assert [each.action for each in news()] == ["login.failed"] * 10


def test_a_null_character_as_a_name_is_no_error(dispatcher):
    assert log_in("\0", "x").status_code == 200


def test_nobody_is_logged_out_unrecorded_or_recorded_in_vain(db, news):
    Client().post("/admin/logout/")

    assert news() == []


# --- People -------------------------------------------------------------------------


def test_a_new_person_is_recorded_without_the_password(browser, acme, news):
    news()
    form = {
        "username": "new",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "tenant": acme.pk,
    }

    browser.post(page(User, "add"), form)

    (event,) = news()
    assert (event.action, event.tenant) == ("user.created", acme)
    assert (event.actor_kind, event.actor_name) == ("person", "operator")
    assert event.object_id == "new"
    assert event.changes == {
        "Username": {"Before": None, "After": "new"},
        "Tenant": {"Before": None, "After": "ACME"},
    }


def test_new_rights_are_recorded_with_those_before(browser, dispatcher, globex, news):
    role = Group.objects.create(name="readers")
    news()
    form = {
        "username": "dispatcher",
        "tenant": globex.pk,
        "role": "engineer",
        "is_active": "on",
        "groups": [role.pk],
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
    }

    answer = browser.post(page(User, "change", dispatcher.pk), form)

    (event,) = news()
    assert answer.status_code == 302
    assert (event.action, event.tenant) == ("user.updated", globex)
    assert event.changes.pop("DateJoined")["After"].startswith("2026-01-01T00:00")
    assert event.changes == {
        "Tenant": {"Before": "ACME", "After": "GLOBEX"},
        "IsStaff": {"Before": True, "After": False},
        "Groups": {"Before": [], "After": ["readers"]},
    }


def test_what_is_saved_unchanged_is_not_recorded(browser, acme, news):
    news()

    browser.post(
        page(Group, "change", Group.objects.create(name="a").pk), {"name": "a"}
    )

    assert news() == []


def test_a_new_password_is_recorded_and_nothing_of_it(browser, dispatcher, news):
    news()
    form = {
        "usable_password": "true",
        "password1": "another horse",
        "password2": "another horse",
    }
    path = reverse("admin:auth_user_password_change", args=[dispatcher.pk])

    refused = browser.post(path, form | {"password2": "other"})
    assert (refused.status_code, news()) == (200, [])
    browser.post(path, form)

    (event,) = news()
    dispatcher.refresh_from_db()
    assert dispatcher.check_password("another horse")
    assert (event.action, event.object_id) == ("user.password_changed", "dispatcher")
    assert (event.actor_name, event.changes) == ("operator", {})


def test_the_own_password_is_recorded_as_well(dispatcher, news):
    client = Client()
    client.force_login(dispatcher)
    news()
    form = {
        "old_password": PASSWORD,
        "new_password1": "another horse",
        "new_password2": "another horse",
    }

    client.post("/admin/password_change/", form | {"old_password": "wrong"})
    assert news() == []
    client.post("/admin/password_change/", form)

    (event,) = news()
    assert (event.action, event.actor_name) == ("user.password_changed", "dispatcher")


def test_the_password_of_nobody_is_not_found(browser, news):
    news()

    answer = browser.get("/admin/subscriptions/user/x/password/")

    assert answer.status_code in (302, 404)
    assert news() == []


@pytest.mark.parametrize("by", ["page", "action"])
def test_deleting_a_person_is_recorded(browser, dispatcher, acme, news, by):
    news()
    chosen = {"action": "delete_selected", "_selected_action": [dispatcher.pk]}

    if by == "page":
        path = page(User, "delete", dispatcher.pk)
        browser.post(path, {"post": "yes"})
    else:
        browser.post(page(User, "changelist"), chosen | {"post": "yes"})

    (event,) = news()
    assert (event.action, event.tenant) == ("user.deleted", acme)
    assert event.object_id == "dispatcher"
    assert not User.objects.filter(username="dispatcher").exists()


# --- Tenants, roles and programs ----------------------------------------------------


def test_a_tenant_is_recorded_with_its_subsidiaries(browser, news):
    news()
    form = {
        "company_code": "INITECH",
        "name": "Initech",
        "delivers_in_order": "on",
        "subsidiaries-TOTAL_FORMS": "1",
        "subsidiaries-INITIAL_FORMS": "0",
        "subsidiaries-0-code": "MAIN",
        "subsidiaries-0-name": "Main",
    }

    browser.post(page(Tenant, "add"), form)

    (event,) = news()
    tenant = Tenant.objects.get(company_code="INITECH")
    assert (event.action, event.tenant) == ("tenant.created", tenant)
    assert (event.object_id, event.object_name) == (tenant.public_id, "INITECH")
    assert event.changes["Added"] == {"Before": None, "After": ["subsidiary MAIN"]}


def test_a_deleted_tenant_leaves_its_trace(browser, news):
    tenant = Tenant.objects.create(company_code="GONE", name="Gone")
    tenant_id = tenant.pk
    news()

    browser.post(page(Tenant, "delete", tenant.pk), {"post": "yes"})

    (event,) = news()
    assert (event.action, event.tenant_id) == ("tenant.deleted", tenant_id)
    assert not Tenant.objects.filter(pk=tenant_id).exists()
    # Its rows can still be looked at.
    assert browser.get(page(AuditEvent, "change", event.pk)).status_code == 200
    assert browser.get(page(AuditEvent, "changelist")).status_code == 200


def test_a_role_is_recorded(browser, news):
    news()

    browser.post(page(Group, "add"), {"name": "readers"})

    (event,) = news()
    assert (event.action, event.tenant) == ("role.created", None)
    assert event.object_name == "readers"


def test_a_new_client_is_recorded_once_and_its_secret_never(browser, acme, news):
    news()
    form = {"name": "ERP", "tenant": acme.pk, "scopes": ["logs:read"]}

    browser.post(page(ApiClient, "add"), form)

    (event,) = news()
    client = ApiClient.objects.get()
    assert (event.action, event.tenant) == ("client.created", acme)
    assert (event.object_id, event.object_name) == (client.client_id, "ERP")
    assert event.actor_name == "operator"
    assert event.changes == {"Scopes": {"Before": None, "After": ["logs:read"]}}


def test_a_changed_client_is_recorded_with_what_it_was(browser, acme, news):
    client = create_api_client(tenant=acme, name="A", scopes=["logs:read"]).client
    news()
    form = {"name": "B", "scopes": ["logs:read", "audit:read"]}

    browser.post(page(ApiClient, "change", client.pk), form)

    (event,) = news()
    assert event.action == "client.updated"
    assert event.changes == {
        "Name": {"Before": "A", "After": "B"},
        "Scopes": {"Before": ["logs:read"], "After": ["logs:read", "audit:read"]},
    }


def test_a_revoked_client_is_recorded(browser, acme, news):
    client = create_api_client(tenant=acme, name="ERP").client
    news()

    chosen = {"action": "revoke", "_selected_action": [client.pk]}
    browser.post(page(ApiClient, "changelist"), chosen)

    (event,) = news()
    assert (event.action, event.object_id) == ("client.revoked", client.client_id)
    assert event.changes["ExpiresAt"]["Before"] is None


# --- The log in the admin -----------------------------------------------------------


def test_the_log_is_read_only(browser, dispatcher):
    ours = AuditEvent.objects.of(dispatcher.tenant).first()

    assert browser.get(page(AuditEvent, "change", ours.pk)).status_code == 200
    assert browser.get(page(AuditEvent, "add")).status_code == 403
    for path in (page(AuditEvent, name, ours.pk) for name in ("change", "delete")):
        assert browser.post(path, {"post": "yes"}).status_code == 403
