"""The audit log as a table: what it keeps, and that nobody changes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.utils import timezone

from subscriptions.audit import (
    About,
    Action,
    changes_between,
    erase,
    purge,
    record,
    record_sparsely,
)
from subscriptions.models import AuditEvent, Tenant
from subscriptions.origins import SYSTEM, ActorKind, Origin
from subscriptions.verification import claim_challenges, settle
from subscriptions.webhooks import disable_webhook, request_verification
from tests.builders import make_webhook

pytestmark = pytest.mark.django_db

DANA = Origin(ActorKind.PERSON, "dana", address="192.0.2.7", request_id="r-1")
CRM = About("client", "c-1", "CRM")
APPEND_ONLY = "The audit log is append-only."


@pytest.fixture
def event(acme):
    return record(Action.CLIENT_CREATED, origin=DANA, about=CRM, tenant_id=acme.pk)


def aged(tenant, **age):
    now = timezone.now()
    return AuditEvent.objects.create(
        tenant=tenant, action="client.created", created_at=now - timedelta(**age)
    )


def test_an_act_is_kept_with_who_what_and_where_from(acme):
    changes = changes_between({"name": "A", "is_staff": True}, {"name": "B"})

    event = record(
        Action.CLIENT_UPDATED,
        origin=DANA,
        about=CRM,
        tenant_id=acme.pk,
        changes=changes,
    )

    kept = AuditEvent.objects.of(acme).latest("id")
    assert (kept, kept.action) == (event, "client.updated")
    assert (kept.actor_kind, kept.actor_name) == ("person", "dana")
    assert (kept.object_kind, kept.object_id, kept.object_name) == CRM
    assert kept.changes == {"Name": {"Before": "A", "After": "B"}}
    assert (kept.address, kept.request_id) == ("192.0.2.7", "r-1")
    assert abs(kept.created_at - timezone.now()) < timedelta(minutes=1)
    assert event.public_id.startswith("aud_")


def test_what_stays_the_same_is_no_change():
    before = {"name": "A", "disabled_reason": ""}

    assert changes_between(before, dict(before)) == {}
    assert changes_between(before, before | {"disabled_reason": "Gone"}) == {
        "DisabledReason": {"Before": "", "After": "Gone"}
    }


def test_of_a_secret_it_says_only_that_it_changed():
    changes = changes_between({"auth": "old-key"}, {"auth": "new-key", "password": ""})

    assert changes == {
        "Auth": {"Before": "••••", "After": "••••"},
        "Password": {"Before": None, "After": ""},
    }


def test_a_name_without_end_is_cut(acme):
    about = About("client", "i" * 300, "n" * 300)

    record(
        Action.CLIENT_CREATED,
        origin=Origin(ActorKind.CLIENT, "a" * 300),
        about=about,
        tenant_id=acme.pk,
    )

    kept = AuditEvent.objects.latest("id")
    lengths = {len(kept.actor_name), len(kept.object_id), len(kept.object_name)}
    assert lengths == {255}


def test_the_act_is_gone_with_the_change_that_was_rolled_back(acme):
    before = AuditEvent.objects.count()

    with transaction.atomic():
        record(Action.CLIENT_CREATED, origin=DANA, about=CRM, tenant_id=acme.pk)
        transaction.set_rollback(True)

    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor_name = 'nobody'",
        "DELETE FROM audit_event",
        "UPDATE audit_event SET id = id + 1",
    ],
)
def test_the_database_refuses_to_change_what_is_written(event, statement):
    before = list(AuditEvent.objects.values())

    with (
        pytest.raises(Error, match=APPEND_ONLY),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert list(AuditEvent.objects.values()) == before


def test_nor_does_django_change_it(event):
    before = list(AuditEvent.objects.values())
    event.actor_name = "nobody"

    for attempt in (
        event.save,
        event.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(actor_name="nobody"),
    ):
        with pytest.raises(Error, match=APPEND_ONLY), transaction.atomic():
            attempt()

    assert list(AuditEvent.objects.values()) == before


def test_what_a_tenant_did_outlives_it(db):
    tenant = Tenant.objects.create(company_code="GONE", name="Gone")
    tenant_id = tenant.pk
    record(Action.TENANT_DELETED, origin=DANA, about=CRM, tenant_id=tenant_id)

    tenant.delete()

    assert AuditEvent.objects.get(tenant=tenant_id).action == "tenant.deleted"


def test_a_purge_deletes_the_oldest_and_no_more_than_it_was_told(acme):
    old = [aged(acme, days=days) for days in (40, 50, 60)]
    young = aged(acme, days=1)
    before = timezone.now() - timedelta(days=30)

    assert purge(before=before, limit=2) == 2
    left = AuditEvent.objects.filter(pk__in=[each.pk for each in [*old, young]])
    assert set(left) == {old[0], young}
    assert purge(before=before, limit=2) == 1
    assert purge(before=before, limit=2) == 0
    assert set(left.all()) == {young}


def test_the_door_is_closed_again_after_a_purge(acme):
    young, _ = aged(acme, days=1), aged(acme, days=40)
    purge(before=timezone.now() - timedelta(days=30), limit=10)

    with pytest.raises(Error, match=APPEND_ONLY), transaction.atomic():
        young.delete()

    assert AuditEvent.objects.filter(pk=young.pk).exists()


def test_erasing_acme_leaves_globex_alone(acme, globex):
    theirs = aged(globex, days=1)
    for days in (1, 2):
        aged(acme, days=days)

    while erase(acme.pk, limit=1):
        pass

    assert not AuditEvent.objects.of(acme).exists()
    assert theirs in AuditEvent.objects.of(globex)


def test_what_strangers_cause_is_kept_ten_times_a_minute(acme, globex):
    def refuse(tenant, object_id):
        return record_sparsely(
            Action.TOKEN_REFUSED,
            origin=SYSTEM,
            about=About("client", object_id, ""),
            tenant_id=tenant and tenant.pk,
        )

    assert [refuse(acme, "c-1") for _ in range(12)] == [True] * 10 + [False] * 2
    assert refuse(acme, "c-2")
    assert refuse(globex, "c-1")
    assert refuse(None, "")
    assert AuditEvent.objects.filter(action="token.refused").count() == 13


def test_a_minute_later_they_are_kept_again(acme):
    long_ago = datetime.now(UTC) - timedelta(seconds=61)
    AuditEvent.objects.bulk_create(
        AuditEvent(
            tenant=acme,
            action="token.refused",
            object_id="c-1",
            created_at=long_ago,
        )
        for _ in range(10)
    )

    assert record_sparsely(
        Action.TOKEN_REFUSED, origin=SYSTEM, about=CRM, tenant_id=acme.pk
    )


# --- Commands and the engine --------------------------------------------------------


def acts_of(tenant):
    events = AuditEvent.objects.of(tenant).order_by("id")
    return list(events.values_list("action", "actor_kind", "actor_name"))


def test_commands_are_recorded_by_their_names():
    call_command(
        "create_tenant", company_code="INITECH", name="Initech", subsidiaries=["A"]
    )
    call_command("create_api_client", company_code="INITECH", name="ERP")
    tenant = Tenant.objects.get(company_code="INITECH")
    webhook = make_webhook(tenant)
    call_command("rotate_webhook_secret", webhook.public_id)

    assert acts_of(tenant) == [
        ("tenant.created", "command", "create_tenant"),
        ("client.created", "command", "create_api_client"),
        ("webhook.created", "system", "system"),
        ("secret.rotated", "command", "rotate_webhook_secret"),
    ]


def test_a_tenant_of_which_nothing_was_missing_is_not_recorded(acme):
    before = acts_of(acme)

    call_command(
        "create_tenant", company_code="ACME", name="Acme", subsidiaries=["MAIN"]
    )

    assert acts_of(acme) == before


def test_what_the_engine_decides_is_the_systems_act(webhook):
    request_verification(webhook, origin=DANA)
    (challenge,) = claim_challenges(
        limit=9, lease=timedelta(seconds=9), now=timezone.now()
    )
    settle(challenge, error="", now=timezone.now())
    disable_webhook(webhook.pk, reason="Gone", now=timezone.now())
    disable_webhook(webhook.pk, reason="Gone", now=timezone.now())

    assert acts_of(webhook.tenant)[-3:] == [
        ("webhook.verification_requested", "person", "dana"),
        ("webhook.verified", "system", "system"),
        ("webhook.disabled", "system", "system"),
    ]


def test_a_failed_verification_is_no_act(webhook):
    request_verification(webhook, origin=DANA)
    (challenge,) = claim_challenges(
        limit=9, lease=timedelta(seconds=9), now=timezone.now()
    )

    settle(challenge, error="The answer was not valid JSON.", now=timezone.now())

    assert acts_of(webhook.tenant)[-1][0] == "webhook.verification_requested"
