"""Proof of ownership: which challenge is wanted, and what its outcome changes."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.models import Webhook
from subscriptions.verification import (
    MISMATCH,
    claim_challenges,
    reason_for_refusal,
    settle,
)
from subscriptions.webhooks import (
    delete_webhook,
    disable_webhook,
    request_verification,
    update_webhook,
)
from tests.builders import make_webhook

LEASE = timedelta(seconds=10)


@pytest.fixture
def pending(acme):
    """A webhook of Acme whose challenge is wanted."""
    return request_verification(make_webhook(acme, status="Pending"))


def claim(now=None, limit=10):
    return claim_challenges(limit=limit, lease=LEASE, now=now or timezone.now())


def test_a_wanted_challenge_is_claimed_once(pending):
    [challenge] = claim()

    assert (challenge.webhook_id, challenge.url) == (pending.pk, pending.url)
    assert challenge.number == pending.verification_number + 1
    assert claim() == []


def test_a_challenge_is_hard_to_guess_and_not_printed(pending):
    now = timezone.now()

    [first] = claim(now)
    [second] = claim(now + LEASE)

    assert first.token != second.token
    assert len(first.token) >= 22  # 128 bits in base64
    assert first.token not in repr(first)


def test_a_challenge_whose_worker_died_is_claimed_again(pending):
    now = timezone.now()
    [lost] = claim(now)

    assert claim(now + LEASE - timedelta(seconds=1)) == []
    [again] = claim(now + LEASE)

    assert again.number == lost.number + 1


def test_the_longest_waiting_come_first(acme):
    first, second, _ = (
        request_verification(make_webhook(acme, status="Pending")) for _ in range(3)
    )

    claimed = claim(limit=2)

    assert [each.webhook_id for each in claimed] == [first.pk, second.pk]


@pytest.mark.parametrize("status", ["Pending", "Disabled", "Active"])
def test_passing_makes_a_webhook_active(acme, status):
    webhook = request_verification(make_webhook(acme, status=status))
    now = timezone.now()
    [challenge] = claim(now)

    assert settle(challenge, error="", now=now)

    stored = Webhook.objects.get()
    assert (stored.status, stored.verified_at) == ("Active", now)
    assert (stored.disabled_at, stored.disabled_reason) == (None, "")
    assert (stored.verification_due_at, stored.verification_error) == (None, "")
    assert stored.revision == webhook.revision + 1


@pytest.mark.parametrize("status", ["Pending", "Disabled", "Active"])
def test_failing_leaves_a_webhook_what_it_was_and_says_why(acme, status):
    webhook = request_verification(make_webhook(acme, status=status))
    [challenge] = claim()

    assert settle(challenge, error="It was late.", now=timezone.now())

    stored = Webhook.objects.get()
    assert (stored.status, stored.verification_error) == (status, "It was late.")
    assert (stored.verified_at, stored.verification_due_at) == (None, None)
    assert stored.revision == webhook.revision
    assert claim(timezone.now() + timedelta(days=1)) == []


def disable(webhook):
    disable_webhook(webhook.pk, reason="Manual", now=timezone.now())


def move(webhook):
    changes = {"url": "https://new.example.com/"}
    update_webhook(webhook, changes=changes, updated_by="CRM")


def claim_again(webhook):
    claim(timezone.now() + LEASE)


@pytest.mark.parametrize(
    "meanwhile", [disable, move, delete_webhook, request_verification, claim_again]
)
@pytest.mark.parametrize("error", ["", "It was late."])
def test_an_outcome_that_comes_too_late_changes_nothing(pending, meanwhile, error):
    [challenge] = claim()
    meanwhile(pending)
    before = Webhook.objects.values().get()

    assert not settle(challenge, error=error, now=timezone.now())

    assert Webhook.objects.values().get() == before


def test_an_outcome_counts_once(pending):
    [challenge] = claim()

    assert settle(challenge, error="", now=timezone.now())
    assert not settle(challenge, error="It was late.", now=timezone.now())


TOKEN = "w7bVx"
ANSWER = json.dumps({"challenge": TOKEN}).encode()


@pytest.mark.parametrize(
    "body",
    [
        ANSWER,
        b' \n{ "challenge" : "w7bVx" }\n',
        b'{"challenge": "w7bVx", "ok": true}',
        b'{"challenge": "w7\\u0062Vx"}',
    ],
)
def test_the_token_proves_ownership(body):
    assert reason_for_refusal(TOKEN, status_code=200, body=body) == ""


@pytest.mark.parametrize(
    ("status_code", "body", "sentence"),
    [
        (201, ANSWER, "The answer had status 201; a challenge is passed with 200."),
        (204, b"", "The answer had status 204; a challenge is passed with 200."),
        (302, ANSWER, "The answer had status 302; a challenge is passed with 200."),
        (500, ANSWER, "The answer had status 500; a challenge is passed with 200."),
        (200, b"", "The answer was not valid JSON."),
        (200, TOKEN.encode(), "The answer was not valid JSON."),
        (200, b"\xff\xfe", "The answer was not valid JSON."),
        (200, b"[" * 100_000, "The answer was nested deeper than 64 levels."),
        (200, b"9" * 5_000, "The answer was not valid JSON."),
        (200, b'"w7bVx"', "The answer was not a JSON object."),
        (200, b'["w7bVx"]', "The answer was not a JSON object."),
        (200, b"null", "The answer was not a JSON object."),
        (200, b"{}", "The answer had no property named challenge."),
        (
            200,
            b'{"Challenge": "w7bVx"}',
            "The answer had no property named challenge.",
        ),
        (200, b'{"challenge": "w7bVX"}', MISMATCH),
        (200, b'{"challenge": " w7bVx"}', MISMATCH),
        (200, b'{"challenge": null}', MISMATCH),
        (200, b'{"challenge": ["w7bVx"]}', MISMATCH),
        (200, b'{"challenge": 1}', MISMATCH),
    ],
)
def test_anything_else_is_told_why(status_code, body, sentence):
    reason = reason_for_refusal(TOKEN, status_code=status_code, body=body)

    assert reason == sentence


def test_a_challenge_of_acme_settles_nothing_of_globex(pending, globex):
    theirs = request_verification(make_webhook(globex, status="Pending"))
    mine = next(each for each in claim() if each.webhook_id == pending.pk)

    settle(mine, error="", now=timezone.now())

    assert Webhook.objects.get(pk=pending.pk).status == "Active"
    assert Webhook.objects.get(pk=theirs.pk).status == "Pending"
