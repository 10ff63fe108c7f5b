"""What a tenant may take along, and that nothing of it is left when it is erased."""

from __future__ import annotations

import io
import json
import re
import stat
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db.models import Q
from django.test import Client
from django.utils import timezone
from oauth2_provider import models as oauth

from deliveries.engine.folding import fold
from deliveries.inbox import receive
from deliveries.models import Delivery, Event, EventText, Rollup, WebhookHealth
from deliveries.retention.belongings import BELONGINGS
from deliveries.retention.portability import exported_columns
from subscriptions.audit import About, Action, record
from subscriptions.models import (
    ApiClient,
    AuditEvent,
    Authenticator,
    Credentials,
    RunningExport,
    Tenant,
    User,
    Webhook,
)
from subscriptions.origins import SYSTEM
from subscriptions.signature_tokens import keep_token
from subscriptions.tenancy import create_api_client
from tests.builders import (
    make_attempt,
    make_delivery,
    make_event,
    make_incident,
    make_recovery,
    make_rule,
    make_webhook,
)

SOON = timedelta(hours=1)
SEALED = "v1.key.sealed-credentials"


def paths_to_a_tenant(model, seen=()):
    """All ways along foreign keys from a model to the tenant, as Django spells them."""
    for field in model._meta.concrete_fields:
        target = field.remote_field.model if field.remote_field else None
        if target is Tenant:
            yield field.name
        elif target is not None and target not in (model, *seen):
            for rest in paths_to_a_tenant(target, (model, *seen)):
                yield f"{field.name}__{rest}"


def models_of_a_tenant():
    models = apps.get_models(include_auto_created=True)
    return {
        model: paths for model in models if (paths := list(paths_to_a_tenant(model)))
    }


def rows_of(tenant):
    """How many rows of each table lead to the tenant, by whichever way."""
    found = {Tenant: Tenant.objects.filter(pk=tenant.pk).count()}
    for model, paths in models_of_a_tenant().items():
        leads = Q(pk=None)
        for path in paths:
            leads |= Q(**{path: tenant.pk})
        found[model] = model._default_manager.filter(leads).distinct().count()
    return {model: count for model, count in found.items() if count}


def furnish(tenant):
    """At least one row of everything that a tenant can have."""
    person = User.objects.create_user(
        f"jane-{tenant.company_code}", "jane@example.com", "pw", tenant=tenant
    )
    person.groups.add(Group.objects.get_or_create(name="Engineers")[0])
    person.user_permissions.add(Permission.objects.first())
    about = ContentType.objects.get_for_model(User)
    change = {"content_type": about, "action_flag": 2, "object_repr": "x"}
    LogEntry.objects.create(user=person, object_id="0", **change)
    staff, _ = User.objects.get_or_create(username="staff")
    LogEntry.objects.create(user=staff, object_id=str(person.pk), **change)
    browser = Client()
    browser.force_login(person)
    client = create_api_client(tenant=tenant, name="Backend").client
    issue_tokens(client, person)
    Authenticator.objects.create(user=person, name="phone", sealed="sealed")
    furnish_webhook(make_webhook(tenant))
    furnish_rule(tenant, person)
    make_event(tenant, data={"note": "größer"})
    receive(tenant, headers=[("X-Test", "1")], body=b"{}", now=timezone.now())


def furnish_webhook(webhook):
    tenant = webhook.tenant
    Credentials.objects.create(
        webhook=webhook,
        type="oauth2",
        sealed=SEALED,
        sealed_token=SEALED,
        token_fetched_at=timezone.now(),
    )
    WebhookHealth.objects.create(webhook=webhook)
    keep_token(webhook, "signed-by-us")
    delivery = make_delivery(webhook, state=Delivery.State.SUCCEEDED)
    make_attempt(delivery, response_body=b"thanks")
    make_delivery(webhook)
    make_recovery(webhook)
    EventText.objects.create(event=delivery.event, tenant=tenant, text="note")
    RunningExport.objects.create(tenant=tenant, expires_at=timezone.now())
    about = About("webhook", webhook.public_id, webhook.name)
    record(Action.WEBHOOK_UPDATED, origin=SYSTEM, about=about, tenant_id=tenant.pk)
    fold()


def furnish_rule(tenant, person):
    rule = make_rule(tenant)
    rule.recipients.add(person)
    incident = make_incident(rule)
    incident.notices.create(
        person=person, about="opened", created_at=incident.opened_at
    )


def issue_tokens(client, person):
    expires = timezone.now() + SOON
    of = {"application": client, "user": person}
    code = f"{person.pk}"
    identity = oauth.get_id_token_model().objects.create(expires=expires, **of)
    access = oauth.get_access_token_model().objects.create(
        token=code, token_checksum=code, expires=expires, id_token=identity, **of
    )
    oauth.get_refresh_token_model().objects.create(
        token=code, token_checksum=code, access_token=access, **of
    )
    oauth.get_grant_model().objects.create(
        code=code, expires=expires, redirect_uri="https://x.example.com", **of
    )
    oauth.get_device_grant_model().objects.create(
        user=person,
        client_id=client.client_id,
        device_code=code,
        user_code=code,
        expires=expires,
    )


@pytest.fixture
def furnished(acme, globex):
    furnish(acme)
    furnish(globex)
    return acme


def erase(tenant, **options):
    code = tenant.company_code
    output = io.StringIO()
    options = {"confirm": code, "patience": 0.0} | options
    call_command("erase_tenant", company_code=code, stdout=output, **options)
    return output.getvalue().splitlines()


@pytest.fixture
def export(tmp_path):
    def to_file(tenant, name="export.jsonl"):
        path = tmp_path / name
        code = tenant.company_code
        call_command("export_tenant", company_code=code, output=str(path))
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    return to_file


# --- Nothing is forgotten -----------------------------------------------------------


def test_each_model_that_leads_to_a_tenant_is_among_its_belongings():
    known = {each.model for each in BELONGINGS} - {Tenant}

    assert known == set(models_of_a_tenant())


def test_the_tests_below_have_a_row_of_everything(furnished):
    assert set(rows_of(furnished)) == {each.model for each in BELONGINGS}


def test_no_column_that_sounds_secret_is_exported():
    secret = re.compile("secret|sealed|password|token|hash|key")

    exported = {
        f"{each.kind}.{name}"
        for each in BELONGINGS
        for name in exported_columns(each)
        if each.kind and secret.search(name)
    }

    # The entity whose events go one after the other.
    assert exported == {"client.hash_client_secret", "delivery.order_key"}


# --- Export -------------------------------------------------------------------------


def test_the_export_has_all_rows_and_says_how_many(furnished, export):
    *lines, end = export(furnished)

    counts = {}
    for line in lines:
        counts[line["kind"]] = counts.get(line["kind"], 0) + 1
    assert end == {"kind": "end", "counts": counts}
    assert counts == {
        "tenant": 1,
        "subsidiary": 1,
        "user": 1,
        "change": 1,
        "client": 1,
        "webhook": 1,
        "subscription": 1,
        "event": 3,
        "delivery": 2,
        "attempt": 1,
        "recovery": 1,
        "rule": 1,
        "recipient": 1,
        "incident": 1,
        "notice": 1,
        "audit_event": AuditEvent.objects.filter(tenant=furnished).count(),
    }


def test_what_was_sent_and_answered_is_in_the_export(furnished, export):
    lines = export(furnished)

    bodies = [json.loads(each["body"]) for each in lines if each["kind"] == "event"]
    (attempt,) = [each for each in lines if each["kind"] == "attempt"]
    assert bodies[-1]["data"] == {"note": "größer"}
    assert attempt["response_body"] == "thanks"
    assert attempt["started_at"].endswith("Z")


def test_the_export_holds_nothing_of_others(furnished, globex, export):
    text = json.dumps(export(furnished))

    assert "ACME" in text
    assert "GLOBEX" not in text
    webhook = Webhook.objects.get(tenant=globex)
    assert webhook.url not in text


def test_only_its_owner_may_read_the_export(furnished, export, tmp_path):
    export(furnished)

    mode = (tmp_path / "export.jsonl").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_file_that_is_there_is_not_overwritten(furnished, tmp_path):
    path = tmp_path / "export.jsonl"
    path.write_text("mine")

    with pytest.raises(CommandError, match=r"export\.jsonl: File exists\.$"):
        call_command("export_tenant", company_code="ACME", output=str(path))

    assert path.read_text() == "mine"


def test_an_unknown_company_is_not_exported(db, tmp_path):
    path = tmp_path / "export.jsonl"

    with pytest.raises(CommandError, match=r"^There is no company 'NONE'\.$"):
        call_command("export_tenant", company_code="NONE", output=str(path))

    assert not path.exists()


def test_the_number_of_rows_costs_no_query(acme, export, django_assert_max_num_queries):
    for _ in range(30):
        make_event(acme)

    # One for each kind, and one to find the tenant.
    with django_assert_max_num_queries(20):
        export(acme)


# --- Erasure ------------------------------------------------------------------------


def test_no_row_is_left_of_it_and_every_row_of_others(furnished, globex):
    before = rows_of(globex)

    said = erase(furnished)

    assert rows_of(furnished) == {}
    assert rows_of(globex) == before
    assert said[-1] == "ACME is erased."
    assert "deliveries_event: 3" in said


def test_its_people_are_logged_out_and_forgotten(furnished):
    before = Session.objects.count()

    erase(furnished)

    assert Session.objects.count() == before - 1
    assert LogEntry.objects.count() == 2
    assert not User.objects.filter(username="jane-ACME").exists()


def test_a_tombstone_names_nobody(furnished, caplog):
    erase(furnished)

    (line,) = [each for each in caplog.records if each.message == "tenant.erased"]
    assert line.tenant == furnished.public_id
    assert line.rows > 10
    kept = AuditEvent.objects.get(action=Action.TENANT_ERASED)
    assert (kept.object_id, kept.object_name) == (furnished.public_id, "")
    assert (kept.tenant_id, kept.changes) == (None, {})


def test_a_wrong_confirmation_erases_nothing(furnished):
    before = rows_of(furnished)

    with pytest.raises(CommandError) as refusal:
        erase(furnished, confirm="GLOBEX")

    assert str(refusal.value) == (
        "--confirm must repeat the company code. Nothing was erased."
    )
    assert rows_of(furnished) == before
    assert Webhook.objects.present().count() == 2


def test_an_unknown_company_cannot_be_erased(furnished):
    before = rows_of(furnished)

    with pytest.raises(CommandError, match=r"^There is no company 'NONE'\.$"):
        call_command("erase_tenant", company_code="NONE", confirm="NONE")

    assert rows_of(furnished) == before


def test_what_is_being_sent_may_end_first(furnished):
    webhook = Webhook.objects.get(tenant=furnished)
    sending = make_delivery(webhook, is_leased=True, due_at=timezone.now() + SOON)

    with pytest.raises(CommandError) as refusal:
        erase(furnished)

    assert str(refusal.value) == (
        "1 deliveries are under way. Run it again in a minute: it goes on where it "
        "stopped."
    )
    assert list(Delivery.objects.filter(webhook=webhook)) == [sending]
    assert not Webhook.objects.of(furnished).exists()
    assert ApiClient.objects.get(tenant=furnished).expires_at <= timezone.now()


def test_the_next_run_goes_on(furnished, globex):
    webhook = Webhook.objects.get(tenant=furnished)
    make_delivery(webhook, is_leased=True, due_at=timezone.now() + SOON)
    with pytest.raises(CommandError):
        erase(furnished)
    Delivery.objects.filter(is_leased=True).update(due_at=timezone.now() - SOON)

    erase(furnished)

    assert rows_of(furnished) == {}
    assert rows_of(globex)


def test_more_than_a_batch_is_erased(acme, webhook):
    for _ in range(3):
        make_attempt(make_delivery(webhook))
    fields = {"subsidiary": webhook.subsidiary, "occurred_at": timezone.now()}
    Event.objects.bulk_create(
        Event(tenant=acme, public_id=f"e{number}", body=b"{}", **fields)
        for number in range(450)
    )
    assert Rollup.objects.exists()

    said = erase(acme)

    assert "deliveries_event: 453" in said
    assert rows_of(acme) == {}
