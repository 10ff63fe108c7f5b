"""The raw tables: the platform's own staff sees all of them, a tenant's people none."""

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


@pytest.mark.parametrize("view", ["changelist", "add", "change", "delete"])
@pytest.mark.parametrize("model", [*SCOPED, EventType, Group])
@pytest.mark.parametrize("is_superuser", [False, True])
def test_a_tenants_people_see_no_raw_table(client, acme, model, view, is_superuser):
    """Not even rows of their own, whatever rights they hold."""
    rows = make_rows(acme) | {
        EventType: EventType.objects.first(),
        Group: Group.objects.create(name="all"),
    }
    person = make_staff("acme-staff", acme, is_superuser=is_superuser)
    ids = [rows[model].pk] if view in ("change", "delete") else []
    address = page(model, view, *ids)

    browser = logged_in(client, person)
    shown, posted = browser.get(address), browser.post(address, {"post": "yes"})

    if (model, view) == (Webhook, "change"):
        # The raw form leads to the webhook's own pages.
        whole = reverse("admin:webhook", args=[rows[Webhook].public_id])
        assert (shown.url, posted.url) == (whole, whole)
    else:
        assert (shown.status_code, posted.status_code) == (403, 403)
    assert model.objects.filter(pk=rows[model].pk).exists()


def test_the_raw_form_of_a_foreign_webhook_is_as_unknown_as_any(client, acme, globex):
    theirs = make_webhook(globex).pk
    browser = logged_in(client, make_staff("acme-staff", acme))

    for key in (theirs, 999999999, "x"):
        assert browser.get(page(Webhook, "change", key)).status_code == 404


@pytest.mark.parametrize("model", SCOPED)
def test_the_platforms_staff_sees_all_rows(platform_staff, acme, globex, model):
    rows = {make_rows(acme)[model], make_rows(globex)[model]}

    assert rows <= listed(platform_staff.get(page(model)))


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

    # The form of a webhook leads to its own pages.
    assert shown.status_code == (302 if model is Webhook else 200)
    assert b'name="_save"' not in shown.content
    assert client.get(page(model, "add")).status_code == 403
    if model is not Webhook:
        assert client.post(page(model, "change", row.pk), {}).status_code == 403
    assert (
        client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    )
    assert model.objects.filter(pk=row.pk).exists()


def test_an_attempt_shows_what_was_sent_and_received_as_text(platform_staff, webhook):
    attempt = make_attempt(
        make_delivery(webhook),
        request_headers={"X-Alvys-Event": "tender.created"},
        response_headers=[["Server", "<b>proud</b>"]],
        response_body=b"<script>alert(1)</script>\xff",
    )

    html = platform_staff.get(page(Attempt, "change", attempt.pk)).content.decode()

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

    rows = (event, delivery, attempt)
    pages = [page(type(row), "change", row.pk) for row in rows]
    pages += [page(type(row)) for row in (*rows, webhook)]
    for address in pages:
        html = platform_staff.get(address).content.decode()
        assert HOSTILE[text][:100] in html, address
        assert text not in html or text == HOSTILE[text], address
        assert f'href="https://a.example/{short}"' not in html


def test_a_webhook_shows_its_secret_masked_and_links_to_its_log(
    platform_staff, webhook
):
    secret = reveal_secret(webhook)

    response = platform_staff.get(page(Webhook))

    html = response.content.decode()
    assert f"whsec_••••{secret[-4:]}" in html
    assert secret not in html
    assert f'href="{page(Attempt)}?webhook__id__exact={webhook.pk}"' in html
    assert "tender.created" in html


def test_a_deleted_webhook_is_gone_and_its_log_is_kept(platform_staff, webhook):
    attempt = make_attempt(make_delivery(webhook))
    Webhook.objects.filter(pk=webhook.pk).update(deleted_at=timezone.now())

    assert listed(platform_staff.get(page(Webhook))) == set()
    assert listed(platform_staff.get(page(Attempt))) == {attempt}


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


def test_the_secret_of_a_new_client_is_shown_once(platform_staff, acme):
    form = {"name": "ERP", "tenant": acme.pk, "scopes": ["logs:read", "webhooks:read"]}

    response = platform_staff.post(page(ApiClient, "add"), form)

    client = ApiClient.objects.get()
    html = response.content.decode()
    shown = re.search(r"Client secret</dt>\s+<dd><code>(\w+)<", html)[1]
    assert (client.tenant, client.scopes) == (acme, "logs:read webhooks:read")
    assert client.client_secret != shown
    assert check_password(shown, client.client_secret)
    # Nowhere else: not in the session, not in a cookie, not in the table.
    assert "no-store" in response["Cache-Control"]
    assert shown not in str(dict(platform_staff.session.items()))
    assert shown not in str(platform_staff.cookies)
    again = platform_staff.get(page(ApiClient, "change", client.pk)).content.decode()
    assert shown not in again
    assert client.client_secret not in again


def test_the_hash_of_a_secret_cannot_be_guessed_by_filtering(platform_staff, acme):
    create_api_client(tenant=acme, name="ERP")

    response = platform_staff.get(page(ApiClient), {"client_secret__startswith": "c"})

    assert response.status_code == 400


def test_a_platform_client_gets_no_scopes_of_tenants(platform_staff):
    form = {"name": "Backend", "tenant": "", "scopes": ["webhooks:write"]}

    response = platform_staff.post(page(ApiClient, "add"), form)

    errors = response.context["adminform"].form.non_field_errors()
    assert errors == ["Unknown scope: webhooks:write."]
    assert not ApiClient.objects.exists()


def test_the_eleventh_client_of_a_tenant_is_refused(platform_staff, acme):
    for number in range(10):
        create_api_client(tenant=acme, name=f"client {number}")
    form = {"name": "ERP", "tenant": acme.pk, "scopes": "logs:read"}

    response = platform_staff.post(page(ApiClient, "add"), form)

    errors = response.context["adminform"].form.non_field_errors()
    assert errors == ["A tenant has at most 10 API clients."]
    assert ApiClient.objects.count() == 10


def test_revoking_a_client_ends_its_tokens(platform_staff, acme):
    client = create_api_client(tenant=acme, name="ERP").client
    tokens = get_access_token_model().objects
    tokens.create(application=client, token="t", expires=timezone.now(), scope="")

    platform_staff.post(
        page(ApiClient), {"action": "revoke", "_selected_action": [client.pk]}
    )

    client.refresh_from_db()
    assert client.expires_at <= timezone.now()
    assert not tokens.exists()


# --- People and rights --------------------------------------------------------------


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
