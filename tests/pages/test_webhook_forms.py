"""Add a webhook, change one, delete one: what is taken, what is refused."""

from __future__ import annotations

import pytest
from django.urls import reverse

from subscriptions.models import AuditEvent, Webhook
from subscriptions.signing_secrets import reveal_secret
from tests.builders import make_webhook
from tests.pages.conftest import address, told
from tests.profiles import make_profile, make_webhook_of

NEW = {
    "name": "Warehouse",
    "url": "https://hooks.acme.example/in",
    "description": "",
    "subsidiary": "MAIN",
    "events": ["tender.created", "load.changed"],
}


def test_a_webhook_is_added_and_its_secret_shown_this_once(admin, acme):
    answer = admin.post(address("webhook_new"), NEW)

    webhook = Webhook.objects.of(acme).get()
    secret = reveal_secret(webhook)
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert (webhook.name, webhook.status, webhook.created_by) == (
        "Warehouse",
        "Pending",
        "dana",
    )
    events = webhook.subscriptions.values_list("event_type__name", flat=True)
    assert sorted(events) == ["load.changed", "tender.created"]
    for name in ("webhook_settings", "webhook_test"):
        assert secret not in admin.get(address(name, webhook)).content.decode()
    event = AuditEvent.objects.filter(action="webhook.created").get()
    assert (event.actor_kind, event.actor_name) == ("person", "dana")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"url": "http://hooks.acme.example/"}, "The URL must start with https://."),
        (
            {"url": "https://127.0.0.1/"},
            "The URL must contain a host name, not an IP address.",
        ),
        ({"events": []}, "Choose at least one event."),
        ({"events": ["no.such"]}, "Select a valid choice."),
        ({"name": " "}, "This field is required."),
        ({"subsidiary": "NONE"}, "Select a valid choice."),
    ],
)
def test_what_may_not_be_is_refused_in_a_sentence(admin, change, sentence):
    answer = admin.post(address("webhook_new"), NEW | change)

    assert sentence in answer.content.decode()
    assert not Webhook.objects.exists()


def test_a_name_that_is_taken_is_refused(admin, acme):
    make_webhook(acme, name="Warehouse")

    answer = admin.post(address("webhook_new"), NEW)

    assert "already has a webhook named" in answer.content.decode()
    assert Webhook.objects.count() == 1


def test_there_are_no_more_than_the_limit(admin, acme, settings):
    settings.WEBHOOKS_MAX_WEBHOOKS = 1
    make_webhook(acme)

    answer = admin.post(address("webhook_new"), NEW)

    assert "A tenant has at most 1 webhooks." in answer.content.decode()
    assert Webhook.objects.count() == 1


def test_support_adds_none(support):
    assert support.get(address("webhook_new")).status_code == 403
    assert support.post(address("webhook_new"), NEW).status_code == 403
    assert not Webhook.objects.exists()


def test_a_subsidiary_of_another_tenant_cannot_be_chosen(globexs, acme):
    acme.subsidiaries.update(code="ACMES")

    answer = globexs.post(address("webhook_new"), NEW | {"subsidiary": "ACMES"})

    assert "Select a valid choice." in answer.content.decode()
    assert not Webhook.objects.exists()


def changed(webhook, **changes):
    webhook.refresh_from_db()
    names = webhook.subscriptions.values_list("event_type__name", flat=True)
    return {
        "name": webhook.name,
        "url": webhook.url,
        "description": webhook.description,
        "events": list(names),
        "etag": webhook.etag,
    } | changes


def test_changes_are_saved_and_told(admin, webhook):
    form = changed(webhook, name="Dock", events=["load.changed"])

    answer = admin.post(address("webhook_settings", webhook), form, follow=True)

    assert told(answer) == ["Saved."]
    webhook.refresh_from_db()
    assert (webhook.name, webhook.status, webhook.updated_by) == (
        "Dock",
        "Active",
        "dana",
    )
    assert webhook.subscriptions.get().event_type.name == "load.changed"


def test_a_new_url_is_verified_before_it_gets_events(admin, webhook):
    form = changed(webhook, url="https://new.acme.example/in")

    admin.post(address("webhook_settings", webhook), form)

    webhook.refresh_from_db()
    assert webhook.status == "Pending"
    assert webhook.verification_due_at is not None


def test_what_somebody_else_has_changed_meanwhile_is_not_overwritten(admin, webhook):
    form = changed(webhook, name="Mine")
    Webhook.objects.filter(pk=webhook.pk).update(name="Theirs", revision=9)

    answer = admin.post(address("webhook_settings", webhook), form)

    assert "Somebody has changed this webhook since; reload." in answer.content.decode()
    webhook.refresh_from_db()
    assert webhook.name == "Theirs"


def test_only_the_whole_name_deletes(admin, webhook):
    page = address("webhook_delete", webhook)

    refused = admin.post(page, {"name": "Webhook"})
    assert "This is not the name of the webhook." in refused.content.decode()
    webhook.refresh_from_db()
    assert webhook.deleted_at is None

    done = admin.post(page, {"name": webhook.name})
    assert done.url == reverse("admin:webhooks")
    webhook.refresh_from_db()
    assert webhook.deleted_at is not None
    assert admin.get(address("webhook", webhook)).status_code == 404


def test_an_act_is_asked_for_in_a_dialog_where_there_is_a_script(admin, webhook):
    page = address("webhook_disable", webhook)

    whole = admin.get(page).content.decode()
    part = admin.get(page, headers={"HX-Request": "true"}).content.decode()

    assert "<html" in whole
    assert part.startswith("<dialog")
    assert "<html" not in part


def test_where_the_profile_verifies_no_url_there_is_nothing_to_ask_for(
    admin, acme, speak
):
    profile = speak(make_profile("post"))
    webhook = make_webhook_of(profile, acme)
    before = Webhook.objects.values().get()

    answer = admin.post(address("webhook_verify", webhook))

    assert answer.status_code == 302
    assert Webhook.objects.values().get() == before
    assert not AuditEvent.objects.filter(action="webhook.verification_requested")


@pytest.mark.parametrize("who", ["none", "some"])
def test_the_list_leads_to_the_catalogue_that_tenants_can_open(admin, acme, who):
    if who == "some":
        make_webhook(acme)

    listed = admin.get(reverse("admin:webhooks")).content.decode()

    assert f'href="{reverse("admin:events")}"' in listed
    assert reverse("admin:subscriptions_eventtype_changelist") not in listed
