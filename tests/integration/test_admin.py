"""The admin: staff of Acme sees Acme, the platform's own staff sees all."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin import site
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from deliveries.models import Attempt, Delivery, Event, Recovery
from subscriptions.models import ApiClient, EventType, Tenant, User, Webhook
from subscriptions.signing_secrets import reveal_secret
from subscriptions.tenancy import create_api_client
from tests.builders import (
    make_attempt,
    make_delivery,
    make_event,
    make_recovery,
    make_webhook,
)

SCOPED = (Tenant, User, ApiClient, Webhook, Event, Delivery, Attempt, Recovery)
READ_ONLY = (EventType, Webhook, Event, Delivery, Attempt, Recovery)


def make_staff(username, tenant=None, **flags):
    user = User.objects.create(username=username, tenant=tenant, is_staff=True, **flags)
    # Every right there is: what is refused below is refused for the tenant's sake.
    user.user_permissions.set(Permission.objects.all())
    return user


def logged_in(client, user):
    client.force_login(user)
    # A session writes down when it began, once: counts of queries are of what follows.
    client.get(reverse("admin:second_factor"))
    return client


@pytest.fixture
def acme_staff(client, acme):
    return logged_in(client, make_staff("acme-staff", acme))


@pytest.fixture
def platform_staff(client, db):
    return logged_in(client, make_staff("platform-staff"))


def make_rows(tenant):
    """One row of each table, by model."""
    webhook = make_webhook(tenant)
    delivery = make_delivery(webhook)
    name = f"{tenant.company_code.lower()}-person"
    return {
        Tenant: tenant,
        User: User.objects.create(username=name, tenant=tenant),
        ApiClient: create_api_client(tenant=tenant, name=name).client,
        Webhook: webhook,
        Event: delivery.event,
        Delivery: delivery,
        Attempt: make_attempt(delivery),
        Recovery: make_recovery(webhook),
    }


def page(model, name="changelist", *args):
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{name}", args=args)


def listed(response):
    return set(response.context["cl"].queryset)


# --- Whose rows ---------------------------------------------------------------------


@pytest.mark.parametrize("model", SCOPED)
def test_staff_of_acme_sees_only_rows_of_acme(acme_staff, acme, globex, model):
    ours, theirs = make_rows(acme)[model], make_rows(globex)[model]

    response = acme_staff.get(page(model))

    assert ours in listed(response)
    assert theirs not in listed(response)
    assert "globex" not in response.content.decode().lower()


@pytest.mark.parametrize("view", ["change", "history", "delete"])
@pytest.mark.parametrize("model", SCOPED)
def test_a_row_of_globex_is_not_there_for_acme(acme_staff, globex, model, view):
    theirs = make_rows(globex)[model]

    response = acme_staff.get(page(model, view, theirs.pk))

    if view == "delete" and model in (Tenant, *READ_ONLY):
        assert response.status_code == 403
    else:
        # As for a row that never was: back to the index, which says so.
        assert (response.status_code, response.url) == (302, "/admin/")


@pytest.mark.parametrize("model", SCOPED)
def test_even_a_superuser_of_acme_sees_only_acme(client, acme, globex, model):
    staff = make_staff("acme-root", acme, is_superuser=True)
    theirs = make_rows(globex)[model]

    response = logged_in(client, staff).get(page(model))

    assert theirs not in listed(response)


@pytest.mark.parametrize("model", SCOPED)
def test_the_platforms_staff_sees_all_rows(platform_staff, acme, globex, model):
    rows = {make_rows(acme)[model], make_rows(globex)[model]}

    assert rows <= listed(platform_staff.get(page(model)))


@pytest.mark.parametrize("model", [Delivery, Attempt])
def test_the_log_of_a_foreign_webhook_is_empty(acme_staff, globex, model):
    theirs = make_rows(globex)[Webhook]

    response = acme_staff.get(page(model), {"webhook__id__exact": theirs.pk})

    assert listed(response) == set()


def test_nobody_without_staff_rights_gets_in(client, acme):
    person = User.objects.create(username="person", tenant=acme)

    response = logged_in(client, person).get(page(Webhook))

    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")


# --- Facts --------------------------------------------------------------------------


@pytest.mark.parametrize("model", READ_ONLY)
def test_facts_cannot_be_added_changed_or_deleted(client, acme, model):
    client = logged_in(client, make_staff("root", is_superuser=True))
    rows = make_rows(acme) | {EventType: EventType.objects.first()}
    row = rows[model]

    shown = client.get(page(model, "change", row.pk))

    assert shown.status_code == 200
    assert b'name="_save"' not in shown.content
    assert client.get(page(model, "add")).status_code == 403
    assert client.post(page(model, "change", row.pk), {}).status_code == 403
    assert (
        client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    )
    assert model.objects.filter(pk=row.pk).exists()


def test_an_attempt_shows_what_was_sent_and_received_as_text(acme_staff, webhook):
    attempt = make_attempt(
        make_delivery(webhook),
        request_headers={"X-Alvys-Event": "tender.created"},
        response_headers=[["Server", "<b>proud</b>"]],
        response_body=b"<script>alert(1)</script>\xff",
    )

    html = acme_staff.get(page(Attempt, "change", attempt.pk)).content.decode()

    assert "X-Alvys-Event: tender.created" in html
    assert "&quot;type&quot;:&quot;tender.created&quot;" in html
    assert "Server: &lt;b&gt;proud&lt;/b&gt;" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\N{REPLACEMENT CHARACTER}" in html
    assert "<script>alert(1)" not in html


HOSTILE = {
    "<script>alert(1)</script>": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "</pre><svg onload=alert(1)>": "&lt;/pre&gt;&lt;svg onload=alert(1)&gt;",
    "{{7*7}}{% debug %}": "{{7*7}}{% debug %}",
    "exe.\u202egnp": r"exe.\u202egnp",
    "\x1b[31mred": r"\u001b[31mred",
    '"><img src=x>': "&quot;&gt;&lt;img src=x&gt;",
    "W" * 65536: "W" * 65536,
}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_what_strangers_write_is_shown_as_text_everywhere(
    platform_staff, acme, webhook, text
):
    short = text[:200]
    Webhook.objects.filter(pk=webhook.pk).update(
        name=short, description=text, url=f"https://a.example/{short}"
    )
    event = make_event(
        acme, body=text.encode(), entity_type=text[:100], entity_id=short
    )
    delivery = make_delivery(webhook, event=event, order_key=short)
    attempt = make_attempt(
        delivery,
        response_headers=[["X-Evil", text[:1024]]],
        response_body=text.encode(),
        error_message=short,
        url=f"https://a.example/{short}",
    )

    rows = (event, delivery, attempt, webhook)
    pages = [page(type(row), "change", row.pk) for row in rows]
    pages += [page(type(row)) for row in rows]
    for address in pages:
        html = platform_staff.get(address).content.decode()
        assert HOSTILE[text][:100] in html, address
        assert text not in html or text == HOSTILE[text], address
        assert f'href="https://a.example/{short}"' not in html


def test_a_webhook_shows_its_secret_masked_and_links_to_its_log(
    platform_staff, webhook
):
    secret = reveal_secret(webhook)

    response = platform_staff.get(page(Webhook, "change", webhook.pk))

    html = response.content.decode()
    assert f"whsec_••••{secret[-4:]}" in html
    assert secret not in html
    assert f'href="{page(Attempt)}?webhook__id__exact={webhook.pk}"' in html
    assert "tender.created" in html


def test_a_deleted_webhook_is_gone_and_its_log_is_kept(acme_staff, webhook):
    attempt = make_attempt(make_delivery(webhook))
    Webhook.objects.filter(pk=webhook.pk).update(deleted_at=timezone.now())

    assert listed(acme_staff.get(page(Webhook))) == set()
    assert listed(acme_staff.get(page(Attempt))) == {attempt}


@pytest.mark.parametrize(
    ("model", "queries"),
    [(User, 9), (ApiClient, 9), (Webhook, 12), (Event, 7), (Delivery, 7), (Attempt, 7)],
)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_one(
    platform_staff, acme, django_assert_num_queries, model, queries
):
    make_rows(acme)
    # PostgreSQL is asked for the time.
    queries += connection.vendor == "postgresql"
    with django_assert_num_queries(queries):
        platform_staff.get(page(model))
    for number in range(5):
        make_attempt(make_delivery(make_webhook(acme)))
        create_api_client(tenant=acme, name=f"client {number}")
        User.objects.create(username=f"person {number}", tenant=acme)

    with django_assert_num_queries(queries):
        platform_staff.get(page(model))


@pytest.mark.parametrize("model", [Event, Delivery, Attempt])
def test_a_table_of_millions_is_never_counted_whole(
    platform_staff, acme, django_assert_max_num_queries, model
):
    make_rows(acme)

    with django_assert_max_num_queries(8) as context:
        platform_staff.get(page(model))

    counts = [q["sql"] for q in context.captured_queries if "COUNT(" in q["sql"]]
    assert len(counts) == 1
    assert "LIMIT 10000" in counts[0]


# --- API clients --------------------------------------------------------------------


def test_the_secret_of_a_new_client_is_shown_once(acme_staff, acme):
    form = {"name": "ERP", "tenant": acme.pk, "scopes": ["logs:read", "webhooks:read"]}

    response = acme_staff.post(page(ApiClient, "add"), form)

    client = ApiClient.objects.get()
    html = response.content.decode()
    shown = re.search(r"Client secret</dt>\s+<dd><code>(\w+)<", html)[1]
    assert (client.tenant, client.scopes) == (acme, "logs:read webhooks:read")
    assert client.client_secret != shown
    assert check_password(shown, client.client_secret)
    # Nowhere else: not in the session, not in a cookie, not in the table.
    assert "no-store" in response["Cache-Control"]
    assert shown not in str(dict(acme_staff.session.items()))
    assert shown not in str(acme_staff.cookies)
    again = acme_staff.get(page(ApiClient, "change", client.pk)).content.decode()
    assert shown not in again
    assert client.client_secret not in again


def test_the_hash_of_a_secret_cannot_be_guessed_by_filtering(acme_staff, acme):
    create_api_client(tenant=acme, name="ERP")

    response = acme_staff.get(page(ApiClient), {"client_secret__startswith": "c"})

    assert response.status_code == 400


@pytest.mark.parametrize("owner", ["", "globex"])
def test_a_client_of_acme_staff_can_only_be_acmes(acme_staff, globex, owner):
    form = {"name": "ERP", "tenant": globex.pk if owner else "", "scopes": "logs:read"}

    response = acme_staff.post(page(ApiClient, "add"), form)

    assert "tenant" in response.context["adminform"].errors
    assert not ApiClient.objects.exists()


def test_a_tenants_staff_cannot_let_a_program_publish(acme_staff, acme):
    form = {"name": "ERP", "tenant": acme.pk, "scopes": ["events:write"]}

    response = acme_staff.post(page(ApiClient, "add"), form)

    assert "scopes" in response.context["adminform"].errors
    assert not ApiClient.objects.exists()


def test_a_tenants_staff_can_when_the_operator_allows_it(acme_staff, acme, settings):
    settings.WEBHOOKS_TENANTS_MAY_PUBLISH = True
    form = {"name": "ERP", "tenant": acme.pk, "scopes": ["events:write"]}

    acme_staff.post(page(ApiClient, "add"), form)

    assert ApiClient.objects.get().scopes == "events:write"


def test_changing_a_client_keeps_what_the_platform_granted(acme_staff, acme):
    client = create_api_client(tenant=acme, name="A", scopes=["events:write"]).client
    form = {"name": "B", "scopes": ["events:write", "logs:read"]}

    acme_staff.post(page(ApiClient, "change", client.pk), form)

    client.refresh_from_db()
    assert (client.name, client.scopes) == ("B", "events:write logs:read")


def test_a_platform_client_gets_no_scopes_of_tenants(platform_staff):
    form = {"name": "Backend", "tenant": "", "scopes": ["webhooks:write"]}

    response = platform_staff.post(page(ApiClient, "add"), form)

    errors = response.context["adminform"].form.non_field_errors()
    assert errors == ["Unknown scope: webhooks:write."]
    assert not ApiClient.objects.exists()


def test_the_eleventh_client_of_a_tenant_is_refused(acme_staff, acme):
    for number in range(10):
        create_api_client(tenant=acme, name=f"client {number}")
    form = {"name": "ERP", "tenant": acme.pk, "scopes": "logs:read"}

    response = acme_staff.post(page(ApiClient, "add"), form)

    errors = response.context["adminform"].form.non_field_errors()
    assert errors == ["A tenant has at most 10 API clients."]
    assert ApiClient.objects.count() == 10


def test_revoking_a_client_ends_its_tokens(acme_staff, acme):
    client = create_api_client(tenant=acme, name="ERP").client
    tokens = get_access_token_model().objects
    tokens.create(application=client, token="t", expires=timezone.now(), scope="")

    acme_staff.post(
        page(ApiClient), {"action": "revoke", "_selected_action": [client.pk]}
    )

    client.refresh_from_db()
    assert client.expires_at <= timezone.now()
    assert not tokens.exists()


# --- People and rights --------------------------------------------------------------


def test_a_tenants_staff_cannot_raise_anybody(acme_staff, acme, globex):
    person = User.objects.create(username="person", tenant=acme)
    role = Group.objects.create(name="all")
    form = {
        "username": "renamed",
        "tenant": acme.pk,
        "is_active": "on",
        "is_superuser": "on",
        "groups": [role.pk],
        "user_permissions": [Permission.objects.first().pk],
    }

    response = acme_staff.post(page(User, "change", person.pk), form)

    assert response.status_code == 302
    person.refresh_from_db()
    assert person.username == "renamed"
    assert person.is_superuser is False
    assert not person.groups.exists()
    assert not person.user_permissions.exists()


@pytest.mark.parametrize("to", ["", "globex"])
def test_a_tenants_staff_cannot_move_anybody_out(acme_staff, acme, globex, to):
    person = User.objects.create(username="person", tenant=acme)
    form = {"username": "person", "tenant": globex.pk if to else "", "is_active": "on"}

    response = acme_staff.post(page(User, "change", person.pk), form)

    assert "tenant" in response.context["adminform"].errors
    person.refresh_from_db()
    assert person.tenant == acme


def test_a_tenants_staff_adds_people_to_its_own_tenant(acme_staff, acme, globex):
    form = {
        "username": "new",
        "usable_password": "false",
        "tenant": acme.pk,
        "is_superuser": "on",
    }

    refused = acme_staff.post(page(User, "add"), form | {"tenant": globex.pk})
    assert "tenant" in refused.context["adminform"].errors
    assert not User.objects.filter(username="new").exists()

    acme_staff.post(page(User, "add"), form)
    person = User.objects.get(username="new")
    assert (person.tenant, person.is_superuser) == (acme, False)


def test_the_password_of_a_stranger_cannot_be_set(acme_staff, globex):
    stranger = User.objects.create(username="stranger", tenant=globex)

    response = acme_staff.get(
        reverse("admin:auth_user_password_change", args=[stranger.pk])
    )

    assert response.status_code == 404


def test_tenants_and_roles_are_the_platforms(acme_staff, acme):
    role = Group.objects.create(name="all")

    assert acme_staff.get(page(Tenant, "add")).status_code == 403
    assert acme_staff.post(page(Tenant, "change", acme.pk), {}).status_code == 403
    assert acme_staff.post(page(Tenant, "delete", acme.pk), {}).status_code == 403
    assert acme_staff.get(page(Group, "add")).status_code == 403
    assert acme_staff.post(page(Group, "change", role.pk), {}).status_code == 403


def test_the_platforms_staff_creates_a_tenant_with_its_subsidiaries(platform_staff):
    form = {
        "company_code": "INITECH",
        "name": "Initech",
        "subsidiaries-TOTAL_FORMS": "1",
        "subsidiaries-INITIAL_FORMS": "0",
        "subsidiaries-0-code": "MAIN",
        "subsidiaries-0-name": "Main",
    }

    platform_staff.post(page(Tenant, "add"), form)

    tenant = Tenant.objects.get(company_code="INITECH")
    assert [subsidiary.code for subsidiary in tenant.subsidiaries.all()] == ["MAIN"]


def test_pages_that_would_show_tokens_or_pickles_do_not_exist():
    shown = {model._meta.app_label for model in site._registry}

    assert shown == {"auth", "subscriptions", "deliveries"}
