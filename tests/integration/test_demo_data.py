"""The demo's rows, made once and brought up to each run."""

from __future__ import annotations

import json
import stat
from dataclasses import replace

import pytest

from subscriptions.models import ApiClient, Tenant, User, Webhook
from webhooks_project.demo.data import assemble
from webhooks_project.demo.places import Places

pytestmark = pytest.mark.django_db


@pytest.fixture
def places(tmp_path, settings):
    settings.WEBHOOKS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    return Places(tmp_path, web_port=8000, receiver_port=8443)


def secrets_in(places):
    return json.loads(places.signing_secrets.read_text())


def test_a_second_run_finds_everybody_in_place(places):
    first = assemble(places)
    known = secrets_in(places)

    second = assemble(places)

    assert second.webhooks == first.webhooks
    assert secrets_in(places) == known
    assert Tenant.objects.count() == User.objects.count() == 2
    assert Webhook.objects.count() == 2
    assert ApiClient.objects.get() == second.client.client != first.client.client


def test_each_run_has_passwords_of_its_own(places):
    first = assemble(places)

    second = assemble(places)

    for name in ("dana", "operator"):
        user = User.objects.get(username=name)
        assert user.check_password(second.password)
        assert not user.check_password(first.password)


def test_the_webhooks_follow_the_receiver_to_another_port(places):
    assemble(places)
    Webhook.objects.update(status="Active", verification_due_at=None)

    assemble(replace(places, receiver_port=8444))

    for webhook in Webhook.objects.all():
        assert webhook.url.startswith("https://127.0.0.1:8444/")
        assert webhook.status == "Pending"
        assert webhook.verification_due_at is not None


def test_what_the_user_told_the_receiver_stays(places):
    assemble(places)
    places.signing_secrets.write_text(
        json.dumps(secrets_in(places) | {"/mine": "whsec_bWluZQ=="})
    )

    assemble(places)

    assert sorted(secrets_in(places)) == ["/mine", "/orders", "/recovering"]


def test_the_signing_secrets_are_for_their_owner_only(places):
    assemble(places)

    assert stat.S_IMODE(places.signing_secrets.stat().st_mode) == 0o600


def test_the_dispatcher_belongs_to_acme_and_the_operator_to_nobody(places):
    cast = assemble(places)

    dispatcher, operator = User.objects.order_by("username")
    assert (dispatcher.username, dispatcher.tenant) == ("dana", cast.tenant)
    assert not dispatcher.is_superuser
    assert (operator.username, operator.tenant) == ("operator", None)
