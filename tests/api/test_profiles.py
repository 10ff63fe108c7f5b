"""Webhooks of other profiles, as the API shows them."""

from __future__ import annotations

import pytest

from subscriptions.models import Webhook
from subscriptions.webhooks import disable_webhook
from tests.profiles import make_profile, make_webhook_of


@pytest.fixture
def post(speak):
    return speak(make_profile("post"))


@pytest.fixture
def webhook(post, acme):
    return make_webhook_of(post, acme)


def test_what_has_no_handshake_is_active_when_it_is_created(post, api):
    answer = api.post(
        "/webhooks",
        {
            "Name": "Letters",
            "SubsidiaryId": "MAIN",
            "Url": "https://letters.example.com/",
            "Events": ["post.sent"],
            "Profile": "post",
        },
    )

    assert answer.status_code == 201
    body = answer.json()
    assert (body["Status"], body["Profile"]) == ("Active", "post")
    assert (body["VerifiedAt"], body["VerificationError"]) == (None, None)


def test_its_catalogue_is_listed(post, api):
    found = api.get("/webhooks/event-types", Profile="post").json()["Items"]

    assert [each["Name"] for each in found] == ["post.sent"]


def test_it_cannot_subscribe_to_types_of_another_profile(webhook, api):
    answer = api.put(f"/webhooks/{webhook.public_id}", {"Events": ["tender.created"]})

    assert answer.status_code == 400
    assert answer.json()["Errors"] == {
        "Events": ["Unknown event type: tender.created."]
    }


def test_there_is_nothing_to_verify(webhook, api):
    before = Webhook.objects.values().get()

    answer = api.post(f"/webhooks/{webhook.public_id}/verify")

    assert answer.status_code == 409
    sentence = "The profile post does not verify URLs of webhooks."
    assert answer.json()["Detail"] == sentence
    assert Webhook.objects.values().get() == before


@pytest.mark.parametrize(
    "reason", ["Manual", "Gone", "ConsecutiveFailures", "NotAcknowledged"]
)
def test_enabling_makes_it_active_at_once(webhook, api, reason):
    disable_webhook(webhook.pk, reason=reason, now=webhook.created_at)
    shown = api.get(f"/webhooks/{webhook.public_id}").json()
    assert (shown["Status"], shown["DisabledReason"]) == ("Disabled", reason)

    body = api.post(f"/webhooks/{webhook.public_id}/enable").json()

    assert (body["Status"], body["DisabledReason"], body["DisabledAt"]) == (
        "Active",
        None,
        None,
    )
    assert body["ETag"] != shown["ETag"]


def test_another_tenants_webhook_is_not_there(webhook, globex_api):
    answer = globex_api.post(f"/webhooks/{webhook.public_id}/verify")

    assert answer.status_code == 404
