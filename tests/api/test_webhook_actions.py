"""What can be done to a webhook: enable, disable, verify, rotate, reveal."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from subscriptions.models import AuditEvent, SigningSecret, Webhook
from subscriptions.signing_secrets import active_keys, reveal_secret
from tests.builders import make_webhook

ACTIONS = ["enable", "disable", "verify", "rotate-secret", "reveal-secret"]


def post(api, webhook, action, body=None):
    return api.post(f"/webhooks/{webhook.public_id}/{action}", body)


def test_enabling_starts_the_verification(api, acme):
    webhook = make_webhook(acme, status="Disabled")

    response = post(api, webhook, "enable")

    webhook.refresh_from_db()
    assert response.status_code == 200
    assert response.json()["Status"] == "Disabled"
    assert response.json()["Id"] == webhook.public_id
    assert webhook.verification_due_at is not None


def test_enabling_an_active_webhook_changes_nothing(api, webhook):
    response = post(api, webhook, "enable")

    webhook.refresh_from_db()
    assert response.status_code == 200
    assert response["ETag"] == webhook.etag
    assert response.json()["Status"] == "Active"
    assert webhook.verification_due_at is None


def test_disabling_stops_a_webhook(api, webhook):
    response = post(api, webhook, "disable")

    shown = response.json()
    assert response.status_code == 200
    assert shown["Status"] == "Disabled"
    assert shown["DisabledReason"] == "Manual"
    assert shown["DisabledAt"] is not None
    assert response["ETag"] == shown["ETag"] != webhook.etag


def test_disabling_a_disabled_webhook_changes_nothing(api, acme):
    webhook = make_webhook(acme, status="Disabled")

    response = post(api, webhook, "disable")

    assert response.status_code == 200
    assert response["ETag"] == webhook.etag
    shown = datetime.fromisoformat(response.json()["DisabledAt"])
    assert shown == webhook.disabled_at


def test_disabling_stops_a_webhook_on_its_way_back(api, acme):
    webhook = make_webhook(acme, status="Disabled")
    post(api, webhook, "enable")

    post(api, webhook, "disable")

    webhook.refresh_from_db()
    assert webhook.verification_due_at is None


def test_verifying_asks_again_and_forgets_the_last_failure(api, acme):
    webhook = make_webhook(acme, status="Pending")
    Webhook.objects.update(verification_error="The answer was not valid JSON.")
    shown_before = api.get(f"/webhooks/{webhook.public_id}").json()

    response = post(api, webhook, "verify")

    webhook.refresh_from_db()
    assert shown_before["VerificationError"] == "The answer was not valid JSON."
    assert response.status_code == 200
    assert response.json()["VerificationError"] is None
    assert webhook.verification_due_at is not None


def test_verifying_an_active_webhook_leaves_it_active(api, webhook):
    assert post(api, webhook, "verify").json()["Status"] == "Active"


def test_rotating_shows_the_new_secret_and_how_long_the_old_one_signs(api, webhook):
    old = reveal_secret(webhook)
    before = timezone.now()

    response = post(api, webhook, "rotate-secret")

    shown = response.json()
    ends_at = datetime.fromisoformat(shown["SecretRotationEndsAt"])
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert shown["Secret"] == reveal_secret(webhook) != old
    assert timedelta(hours=24) <= ends_at - before < timedelta(hours=24, minutes=1)
    later = api.get(f"/webhooks/{webhook.public_id}").json()
    assert later["Secret"] == f"whsec_••••{shown['Secret'][-4:]}"
    assert later["SecretRotationEndsAt"] == shown["SecretRotationEndsAt"]


def test_a_rotation_without_grace_ends_the_old_secret_at_once(api, webhook):
    shown = post(api, webhook, "rotate-secret", {"GracePeriodHours": 0}).json()

    keys = active_keys([webhook.pk], now=timezone.now())[webhook.pk]
    assert shown["SecretRotationEndsAt"] is None
    assert [key.text for key in keys] == [shown["Secret"]]


def test_a_grace_may_last_a_week(api, webhook):
    shown = post(api, webhook, "rotate-secret", {"GracePeriodHours": 168}).json()

    ends_at = datetime.fromisoformat(shown["SecretRotationEndsAt"])
    assert ends_at - timezone.now() > timedelta(hours=167)


@pytest.mark.parametrize("hours", [-1, 169, 2**62, 1.5, 24.0, "24", True, None, []])
def test_a_wrong_grace_rotates_nothing(api, webhook, refused, hours):
    secret = reveal_secret(webhook)

    response = post(api, webhook, "rotate-secret", {"GracePeriodHours": hours})

    assert set(refused(response, 400)["Errors"]) == {"GracePeriodHours"}
    assert reveal_secret(webhook) == secret
    assert SigningSecret.objects.count() == 1


def test_revealing_shows_the_secret_and_is_recorded(api, webhook):
    response = post(api, webhook, "reveal-secret")

    event = AuditEvent.objects.get(action="secret.revealed")
    secret = reveal_secret(webhook)
    assert response.status_code == 200
    assert response.json() == {"Secret": secret}
    assert response["Cache-Control"] == "no-store"
    assert (event.object_id, event.actor_name) == (webhook.public_id, "CRM")


@pytest.mark.parametrize("action", ["enable", "disable", "verify", "reveal-secret"])
def test_an_action_takes_no_fields(api, webhook, refused, action):
    before = Webhook.objects.values().get()

    problem = refused(post(api, webhook, action, {"Force": True}), 400)

    assert problem["Errors"] == {"Force": ["This field is unknown here."]}
    assert Webhook.objects.values().get() == before


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_takes_an_empty_object(api, webhook, action):
    assert post(api, webhook, action, {}).status_code == 200


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_an_action_is_a_post(api, webhook, refused, action, method):
    response = api.send(method, f"/webhooks/{webhook.public_id}/{action}")

    refused(response, 405)
    assert response["Allow"] == "POST"


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_on_a_deleted_webhook_is_not_found(api, webhook, refused, action):
    api.delete(f"/webhooks/{webhook.public_id}")

    refused(post(api, webhook, action), 404)


@pytest.mark.parametrize("action", ACTIONS)
def test_globex_can_do_nothing_to_a_webhook_of_acme(
    globex_api, webhook, refused, action
):
    before = Webhook.objects.values().get()
    secret = reveal_secret(webhook)

    problem = refused(post(globex_api, webhook, action), 404)

    assert problem["Detail"] == "There is no such webhook."
    assert Webhook.objects.values().get() == before
    assert reveal_secret(webhook) == secret
