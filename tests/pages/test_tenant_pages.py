"""Platform → Tenants: for the support alone, and changed by who may."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.models import AuditEvent, Subsidiary, Tenant, User
from tests.builders import make_tenant, make_webhook
from tests.people import make_person

LIST = "/admin/settings/tenants/"


def form(**overrides):
    return {"name": "Acme Freight", "retention_days": "7"} | overrides


def test_the_list_counts_what_each_tenant_has(support, acme, globex):
    for _ in range(2):
        make_webhook(acme)
    make_person("dana", acme)

    rows = {row.company_code: row for row in support.get(LIST).context["page"]}

    assert (rows["ACME"].webhook_count, rows["ACME"].person_count) == (2, 1)
    assert (rows["GLOBEX"].webhook_count, rows["GLOBEX"].subsidiary_count) == (0, 1)


def test_a_search_finds_by_name_and_code(support, acme, globex):
    found = support.get(LIST, {"q": "glo"}).context["page"]

    assert [tenant.company_code for tenant in found] == ["GLOBEX"]
    assert "No tenants match" in support.get(LIST, {"q": "\0nobody"}).content.decode()


def test_terms_are_changed_and_recorded(support, acme):
    support.post(f"{LIST}{acme.public_id}/", form())

    acme.refresh_from_db()
    assert (acme.name, acme.retention_days) == ("Acme Freight", 7)
    assert acme.delivers_in_order is False
    event = AuditEvent.objects.filter(action="tenant.updated").get()
    assert event.changes["RetentionDays"] == {"Before": None, "After": 7}
    assert (event.actor_name, event.tenant) == ("sam", acme)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"retention_days": "0"}, "retention_days"),
        ({"retention_days": "40000"}, "retention_days"),
        ({"retention_days": "week"}, "retention_days"),
    ],
)
def test_wrong_terms_change_nothing(support, acme, wrong, field):
    page = support.post(f"{LIST}{acme.public_id}/", form(**wrong))

    assert page.context["form"].errors[field]
    acme.refresh_from_db()
    assert (acme.name, acme.delivers_in_order) == ("Acme", True)


def test_a_subsidiary_is_added_once_and_renamed(support, acme):
    address = f"{LIST}{acme.public_id}/subsidiaries/"

    support.post(address, {"code": "WEST", "name": "West"})
    again = support.post(address, {"code": "WEST", "name": "Other"})
    support.post(f"{address}rename/", {"code": "WEST", "name": "Far West"})

    assert again.context["subsidiary_form"].errors["code"] == ["This code is taken."]
    west = Subsidiary.objects.get(tenant=acme, code="WEST")
    assert west.name == "Far West"
    acts = AuditEvent.objects.filter(action="tenant.updated").order_by("id")
    assert [list(act.changes) for act in acts] == [["Added"], ["subsidiary_WEST"]]


def test_a_subsidiary_needs_a_name_and_one_of_ones_own(support, acme, globex):
    Subsidiary.objects.create(tenant=globex, code="EAST", name="East")
    address = f"{LIST}{acme.public_id}/subsidiaries/rename/"

    assert support.post(address, {"code": "EAST", "name": "x"}).status_code == 404
    support.post(address, {"code": "MAIN", "name": " "})

    names = Subsidiary.objects.order_by("code").values_list("name", flat=True)
    assert list(names) == ["East", "Main", "Main"]


def test_who_may_only_look_changes_nothing(support, acme):
    User.objects.get(username="sam").user_permissions.clear()
    address = f"{LIST}{acme.public_id}/"

    shown = support.get(address).content.decode()

    assert "Save changes" not in shown
    for page in ("", "subsidiaries/", "subsidiaries/rename/"):
        assert support.post(address + page, form(code="MAIN")).status_code == 403
    assert Tenant.objects.get(pk=acme.pk).name == "Acme"


@pytest.mark.parametrize("who", ["admin", "engineer"])
def test_a_tenants_people_have_no_such_pages(request, acme, globex, who):
    browser = request.getfixturevalue(who)

    for tenant in (acme, globex):
        address = f"{LIST}{tenant.public_id}/"
        for page in (LIST, address):
            assert browser.get(page).status_code == 403
        assert browser.post(address, form()).status_code == 403


@pytest.mark.parametrize("tenant_id", ["ten_x", "nobodys", "ten_" + "0" * 26])
def test_nobodys_id_is_not_found(support, tenant_id):
    assert support.get(f"{LIST}{tenant_id}/").status_code == 404


def test_many_tenants_take_as_many_queries_as_one(support, acme):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            support.get(LIST)
        return len(asked)

    before = queries()
    for number in range(10):
        make_webhook(make_tenant(f"T{number}"))

    assert queries() == before <= 12
