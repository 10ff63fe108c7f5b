"""Who may do what to a webhook: each act, each role, and who comes from elsewhere."""

from __future__ import annotations

import pytest
from django.urls import reverse

from subscriptions.models import AuditEvent, Webhook
from subscriptions.roles import RIGHTS, Right, Role, role_of
from tests.builders import make_webhook
from tests.pages.conftest import address
from tests.people import make_person

ACTS = [
    # name, method, who may
    ("webhook_settings", "get", {"admin", "engineer"}),
    ("webhook_settings", "post", {"admin", "engineer"}),
    ("webhook_enable", "post", {"admin", "engineer"}),
    ("webhook_verify", "post", {"admin", "engineer"}),
    ("webhook_disable", "get", {"admin", "engineer", "support"}),
    ("webhook_disable", "post", {"admin", "engineer", "support"}),
    ("webhook_delete", "get", {"admin"}),
    ("webhook_delete", "post", {"admin"}),
    ("webhook_filter", "post", {"admin", "engineer"}),
    ("webhook_unbreak", "post", {"admin", "engineer"}),
]
ROLES = ("admin", "engineer", "support")


def test_a_person_without_a_tenant_is_support_whatever_the_role_says(db):
    assert role_of(make_person("sam", role="admin")) is Role.SUPPORT


def test_support_never_has_a_right_to_secrets():
    assert Right.SECRETS not in RIGHTS[Role.SUPPORT] | RIGHTS[Role.ENGINEER]
    assert RIGHTS[Role.ADMIN] == set(Right) - {Right.TENANTS}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("name", "method", "who"), ACTS)
def test_an_act_is_for_its_roles(request, webhook, name, method, who, role):
    client = request.getfixturevalue(role)

    answer = getattr(client, method)(address(name, webhook))

    assert (answer.status_code == 403) is (role not in who)
    assert answer.status_code in (200, 302, 403)


@pytest.mark.parametrize(("name", "method", "who"), ACTS)
def test_globex_gets_the_answer_of_an_id_that_nobody_has(
    globexs, webhook, name, method, who
):
    before = Webhook.objects.values().get()

    foreign = getattr(globexs, method)(address(name, webhook))
    webhook.delete()
    unknown = getattr(globexs, method)(address(name, webhook))

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert before["status"] == "Active"


def test_globexs_acts_change_nothing(globexs, webhook):
    before = Webhook.objects.values().get()

    for name, method, _ in ACTS:
        getattr(globexs, method)(address(name, webhook), {"note": "x"})

    assert Webhook.objects.values().get() == before


@pytest.mark.parametrize(
    ("role", "href"), [("engineer", "delete"), ("support", "delete")]
)
def test_what_one_may_not_do_is_not_drawn(request, webhook, role, href):
    client = request.getfixturevalue(role)

    html = client.get(address("webhook_disable", webhook)).content.decode()

    assert address(f"webhook_{href}", webhook) not in html


def test_support_disables_with_a_reason_that_the_tenant_reads(support, admin, webhook):
    refused = support.post(address("webhook_disable", webhook), {"note": " "})

    assert "This field is required." in refused.content.decode()
    webhook.refresh_from_db()
    assert webhook.status == "Active"

    support.post(address("webhook_disable", webhook), {"note": "Floods your server"})

    webhook.refresh_from_db()
    assert (webhook.status, webhook.disabled_reason) == ("Disabled", "Manual")
    event = AuditEvent.objects.filter(action="webhook.disabled").get()
    assert (event.actor_name, event.changes["Note"]["After"]) == (
        "sam",
        "Floods your server",
    )
    html = admin.get(address("webhook_settings", webhook)).content.decode()
    assert "Floods your server" in html
    assert "by sam" in html


def test_the_index_leads_everybody_to_the_webhooks_they_see(admin, support):
    for client in (admin, support):
        assert client.get("/admin/").url == reverse("admin:webhooks")


def test_the_list_of_all_tables_is_for_support(admin, engineer, support):
    page = reverse("admin:tables")

    assert support.get(page).status_code == 200
    assert [each.get(page).status_code for each in (admin, engineer)] == [404, 404]


def test_the_raw_row_leads_a_tenants_people_to_its_page(admin, webhook):
    row = admin.get(f"/admin/subscriptions/webhook/{webhook.pk}/change/")

    assert row.url == address("webhook", webhook)


def test_the_sidebar_shows_what_the_role_may_see(admin, engineer, support):
    def entries(client):
        context = client.get(reverse("admin:webhooks")).context
        return [
            str(link.label) for each in context["navigation"] for link in each.links
        ]

    assert entries(admin) == [
        "Webhooks",
        "Events",
        "Event catalogue",
        "Notifications",
        "Audit log",
        "API clients",
        "People",
    ]
    assert entries(engineer) == [
        "Webhooks",
        "Events",
        "Event catalogue",
        "Notifications",
    ]
    assert entries(support) == [
        "Webhooks",
        "Events",
        "Event catalogue",
        "Audit log",
        "Delivery log",
        "Tenants",
        "Users",
        "All tables",
    ]


def test_a_new_person_is_an_engineer_until_somebody_says_more(acme):
    from subscriptions.models import User

    assert role_of(User.objects.create_user("new", tenant=acme)) is Role.ENGINEER


def test_nobody_enters_without_logging_in(client, acme):
    webhook = make_webhook(acme)

    for name, method, _ in ACTS:
        answer = getattr(client, method)(address(name, webhook))
        assert answer.url.startswith("/admin/login/?next=")
