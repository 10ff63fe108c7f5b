"""Create, change, enable, disable and delete: what the rows say afterwards."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from subscriptions.catalogue import UnknownEventTypes
from subscriptions.conf import wake_workers
from subscriptions.models import EventType, SigningSecret, Subscription, Webhook
from subscriptions.revisions import RevisionMismatch
from subscriptions.webhooks import (
    NameTaken,
    TooManyWebhooks,
    create_webhook,
    delete_webhook,
    disable_webhook,
    enable_webhook,
    request_verification,
    update_webhook,
)
from tests.builders import make_webhook

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def fields(tenant, **overrides):
    return {
        "tenant": tenant,
        "subsidiary": tenant.subsidiaries.get(),
        "name": "Orders",
        "url": "https://hooks.example.com/",
        "events": ["tender.created"],
        "created_by": "CRM",
    } | overrides


def everything():
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in (Webhook, Subscription, SigningSecret)
    }


def change(webhook, **changes):
    return update_webhook(webhook, changes=changes, updated_by="CRM")


@pytest.fixture
def bells(django_capture_on_commit_callbacks):
    """How often an action would ring for the workers once it is committed."""

    def count(action, *args, **kwargs):
        with django_capture_on_commit_callbacks() as callbacks:
            action(*args, **kwargs)
        return callbacks.count(wake_workers)

    return count


def test_a_new_webhook_waits_for_its_verification(acme, bells):
    assert bells(create_webhook, **fields(acme)) == 1

    webhook = Webhook.objects.get()
    assert webhook.status == "Pending"
    assert webhook.verification_due_at is not None
    assert webhook.signing_secrets.count() == 1
    assert [s.event_type.name for s in webhook.subscriptions.all()] == [
        "tender.created"
    ]


def test_the_secret_of_a_new_webhook_is_not_printed(acme):
    assert "whsec_" not in repr(create_webhook(**fields(acme)))


@pytest.mark.parametrize(
    ("overrides", "refusal"),
    [
        ({"events": ["no.such"]}, UnknownEventTypes),
        ({"events": ["webhook.test"]}, UnknownEventTypes),
        ({"name": "Taken"}, NameTaken),
    ],
)
def test_a_refused_creation_leaves_nothing_behind(acme, overrides, refusal):
    make_webhook(acme, name="Taken")
    before = everything()

    with pytest.raises(refusal):
        create_webhook(**fields(acme, **overrides))

    assert everything() == before


def test_the_limit_counts_what_is_present(acme, settings):
    settings.WEBHOOKS_MAX_WEBHOOKS = 2
    first, _ = make_webhook(acme), make_webhook(acme)

    with pytest.raises(TooManyWebhooks, match=r"^A tenant has at most 2 webhooks\.$"):
        create_webhook(**fields(acme))
    delete_webhook(first)

    assert create_webhook(**fields(acme)).webhook.pk


def test_a_change_returns_the_new_state(webhook):
    changed = change(webhook, name="Renamed")

    assert (changed.name, changed.revision) == ("Renamed", webhook.revision + 1)
    assert changed.updated_by == "CRM"
    assert Webhook.objects.get().etag == changed.etag != webhook.etag


def test_a_change_leaves_the_callers_words_alone(webhook):
    changes = {"name": "Renamed", "events": ["load.changed"]}

    update_webhook(webhook, changes=changes, updated_by="CRM")

    assert changes == {"name": "Renamed", "events": ["load.changed"]}


def test_events_are_kept_in_the_order_in_which_they_are_named(acme):
    webhook = make_webhook(acme, events=["tender.created", "load.changed"])

    changed = change(webhook, events=["trip.changed", "load.changed", "trip.changed"])

    assert webhook.event_names == ["trip.changed", "load.changed"]
    assert changed.revision == webhook.revision + 1


def test_the_same_events_in_another_order_are_no_change(acme):
    webhook = make_webhook(acme, events=["tender.created", "load.changed"])

    changed = change(webhook, events=["load.changed", "tender.created"])

    assert webhook.event_names == ["tender.created", "load.changed"]
    assert changed.revision == webhook.revision


def test_an_event_type_that_left_the_catalogue_may_stay(acme, webhook):
    EventType.objects.filter(name="tender.created").update(is_subscribable=False)
    other = make_webhook(acme, events=["load.changed"])

    change(webhook, events=["tender.created", "load.changed"])
    with pytest.raises(UnknownEventTypes):
        change(other, events=["tender.created", "load.changed"])

    assert webhook.subscriptions.count() == 2
    assert other.subscriptions.count() == 1


def test_a_change_that_says_nothing_new_writes_nothing(webhook, bells):
    before = everything()
    same = {"name": webhook.name, "url": webhook.url, "events": ["tender.created"]}

    assert bells(change, webhook, **same) == 0

    assert everything() == before


def test_a_new_url_makes_an_older_challenge_worthless(webhook, bells):
    assert bells(change, webhook, url="https://new.example.com/") == 1

    changed = Webhook.objects.get()
    assert changed.status == "Pending"
    assert changed.verification_number == webhook.verification_number + 1
    assert changed.verification_due_at is not None


def test_a_new_url_of_a_disabled_webhook_is_verified_too(acme):
    webhook = make_webhook(acme, status="Disabled")

    changed = change(webhook, url="https://new.example.com/")

    assert (changed.status, changed.disabled_at) == ("Pending", None)
    assert changed.disabled_reason == ""


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": "Taken", "events": ["load.changed"]}, NameTaken),
        ({"name": "Free", "events": ["no.such"]}, UnknownEventTypes),
        ({"url": "https://new.example.com/", "name": "Taken"}, NameTaken),
    ],
)
def test_a_refused_change_changes_nothing(acme, webhook, bells, changes, refusal):
    make_webhook(acme, name="Taken")
    before = everything()

    with pytest.raises(refusal):
        change(webhook, **changes)

    assert everything() == before


def test_a_change_of_what_was_changed_since_is_refused(webhook):
    change(webhook, name="First")

    with pytest.raises(RevisionMismatch):
        update_webhook(
            webhook,
            changes={"name": "Second"},
            updated_by="CRM",
            if_match=webhook.etag,
        )

    assert Webhook.objects.get().name == "First"


def test_a_stale_copy_overwrites_nothing_that_it_does_not_name(webhook):
    change(webhook, name="First")
    disable_webhook(webhook.pk, reason="Gone", now=NOW)

    change(webhook, description="Second")

    stored = Webhook.objects.get()
    assert (stored.name, stored.description) == ("First", "Second")
    assert (stored.status, stored.disabled_at) == ("Disabled", NOW)


def test_disabling_is_true_for_exactly_one_caller(webhook):
    first = disable_webhook(webhook.pk, reason="Gone", now=NOW)
    second = disable_webhook(webhook.pk, reason="Manual", now=datetime.now(UTC))

    stored = Webhook.objects.get()
    assert (first, second) == (True, False)
    assert (stored.disabled_reason, stored.disabled_at) == ("Gone", NOW)
    assert stored.revision == webhook.revision + 1


def test_only_the_first_disabling_rings(webhook, bells):
    assert bells(disable_webhook, webhook.pk, reason="Gone", now=NOW) == 1
    assert bells(disable_webhook, webhook.pk, reason="Gone", now=NOW) == 0


@pytest.mark.parametrize("status", ["Pending", "Disabled"])
def test_disabling_calls_a_verification_off(acme, status):
    webhook = request_verification(make_webhook(acme, status=status))

    disable_webhook(webhook.pk, reason="Manual", now=NOW)

    stored = Webhook.objects.get()
    assert (stored.status, stored.verification_due_at) == ("Disabled", None)


def test_a_deleted_webhook_cannot_be_disabled(webhook):
    delete_webhook(webhook)

    assert not disable_webhook(webhook.pk, reason="Manual", now=NOW)
    assert Webhook.objects.get().status == "Active"


def test_enabling_asks_for_a_verification(acme, bells):
    webhook = make_webhook(acme, status="Disabled")

    assert bells(enable_webhook, webhook) == 1

    assert Webhook.objects.get().verification_due_at is not None


def test_enabling_an_active_webhook_changes_nothing(webhook, bells):
    before = everything()

    assert bells(enable_webhook, webhook) == 0

    assert everything() == before


def test_enabling_asks_the_row_and_not_the_copy(webhook):
    disable_webhook(webhook.pk, reason="Manual", now=NOW)

    enable_webhook(webhook)

    assert Webhook.objects.get().verification_due_at is not None


def test_deleting_frees_the_name_and_keeps_the_row(acme, webhook, bells):
    assert bells(delete_webhook, webhook) == 1

    assert Webhook.objects.of(acme).count() == 0
    assert Webhook.objects.get(pk=webhook.pk).deleted_at is not None
    assert create_webhook(**fields(acme, name=webhook.name)).webhook.pk != webhook.pk


def test_what_was_deleted_cannot_be_touched(webhook):
    delete_webhook(webhook)

    for touch in (enable_webhook, request_verification, delete_webhook):
        with pytest.raises(Webhook.DoesNotExist):
            touch(webhook)
    with pytest.raises(Webhook.DoesNotExist):
        change(webhook, name="Back")


def test_the_names_of_acme_are_free_for_globex(acme, globex):
    make_webhook(acme, name="Orders")

    assert create_webhook(**fields(globex)).webhook.tenant == globex
    assert Webhook.objects.of(globex).count() == 1
