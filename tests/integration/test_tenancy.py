"""Tenants, their subsidiaries, and the programs that act for them."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import check_password, identify_hasher
from django.db import IntegrityError

from subscriptions.models import ApiClient, Subsidiary, Tenant
from subscriptions.scopes import SCOPES
from subscriptions.tenancy import (
    MAX_CLIENTS_PER_TENANT,
    TooManyClients,
    UnknownScopes,
    create_api_client,
    ensure_tenant,
)

pytestmark = pytest.mark.django_db


def test_a_tenant_comes_with_its_subsidiaries():
    tenant, added = ensure_tenant(
        company_code="ACME", name="Acme", subsidiaries={"MAIN": "Main", "EU": "Europe"}
    )

    assert added == ["tenant ACME", "subsidiary MAIN", "subsidiary EU"]
    assert dict(tenant.subsidiaries.values_list("code", "name")) == {
        "MAIN": "Main",
        "EU": "Europe",
    }


def test_once_more_adds_only_what_is_missing(acme):
    again, added = ensure_tenant(
        company_code="ACME",
        name="Other",
        subsidiaries={"MAIN": "Other", "EU": "Europe"},
    )

    assert again == acme
    assert added == ["subsidiary EU"]
    assert Tenant.objects.get().name == "Acme"
    assert Subsidiary.objects.get(code="MAIN").name == "Main"


def test_once_more_with_nothing_new_adds_nothing(acme):
    _, added = ensure_tenant(company_code="ACME", name="Acme", subsidiaries={})

    assert added == []


def test_a_client_may_do_all_unless_told_otherwise(acme):
    made = create_api_client(tenant=acme, name="CRM")

    assert made.client.scopes.split() == list(SCOPES)
    assert (made.client.tenant, made.client.name) == (acme, "CRM")


def test_a_client_gets_the_scopes_that_were_asked_for(acme):
    made = create_api_client(tenant=acme, name="CRM", scopes=["logs:read"])

    assert made.client.scopes == "logs:read"


def test_the_platform_gets_the_scopes_of_events():
    made = create_api_client(tenant=None, name="TMS")

    assert made.client.tenant is None
    assert made.client.scopes == "events:read events:write"


def test_the_secret_of_a_client_is_stored_hashed_and_never_printed(acme):
    made = create_api_client(tenant=acme, name="CRM")

    stored = ApiClient.objects.get().client_secret
    assert identify_hasher(stored).algorithm == "client_secret"
    assert made.secret not in stored
    assert check_password(made.secret, stored)
    assert made.secret not in repr(made)


@pytest.mark.parametrize(
    ("of_platform", "scopes", "sentence"),
    [
        (False, ["nothing"], "Unknown scope: nothing."),
        (False, ["logs:read", "b", "a"], "Unknown scope: a, b."),
        (True, ["webhooks:read"], "Unknown scope: webhooks:read."),
    ],
)
def test_a_scope_that_is_not_for_it_makes_no_client(
    acme, of_platform, scopes, sentence
):
    tenant = None if of_platform else acme

    with pytest.raises(UnknownScopes) as raised:
        create_api_client(tenant=tenant, name="CRM", scopes=scopes)

    assert str(raised.value) == sentence
    assert not ApiClient.objects.exists()


def test_a_tenant_has_at_most_ten_clients(acme):
    for number in range(MAX_CLIENTS_PER_TENANT):
        create_api_client(tenant=acme, name=f"Client {number}")

    with pytest.raises(TooManyClients) as raised:
        create_api_client(tenant=acme, name="One more")

    assert str(raised.value) == "A tenant has at most 10 API clients."
    assert ApiClient.objects.count() == MAX_CLIENTS_PER_TENANT


def test_a_code_is_a_tenants_alone(acme):
    with pytest.raises(IntegrityError):
        Tenant.objects.create(company_code="ACME", name="Impostor")


def test_globex_has_its_own_main_and_its_own_ten(acme, globex):
    for number in range(MAX_CLIENTS_PER_TENANT):
        create_api_client(tenant=acme, name=f"Client {number}")

    assert create_api_client(tenant=globex, name="CRM").client.tenant == globex
    assert Subsidiary.objects.filter(code="MAIN").count() == 2
