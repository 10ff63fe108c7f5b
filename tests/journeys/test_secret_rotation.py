"""A secret is replaced, and for a grace both sign."""

from __future__ import annotations

import hmac
from datetime import timedelta

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from subscriptions.signing_secrets import reveal_secret, rotate_secret
from tests.builders import publish_sample

GRACE = timedelta(minutes=2)


@pytest.fixture
def sent(acme, webhook, receiver, drain):
    """Publish an event and return the request it became."""

    def send():
        publish_sample(acme)
        drain()
        return receiver.events[-1]

    return send


def signatures(request):
    """Return ``{"t": …, "v1": …}``."""
    parts = request["X-Alvys-Signature"].split(",")
    return dict(part.split("=", 1) for part in parts)


def signed_with(secret, request):
    timestamp, event_id = request["X-Alvys-Timestamp"], request["X-Alvys-Event-Id"]
    message = f"{timestamp}.{event_id}.".encode() + request.body
    return hmac.digest(secret.encode(), message, "sha256").hex()


def is_verified_by(secret, request):
    try:
        Verifier(secret).verify(request.body, dict(request.headers))
    except WebhookVerificationError:
        return False
    return True


def test_in_the_grace_both_secrets_sign(webhook, sent, clock):
    old = reveal_secret(webhook)
    new = rotate_secret(webhook, grace=GRACE, now=clock())

    request = sent()

    assert signatures(request) == {
        "t": request["X-Alvys-Timestamp"],
        "v1": signed_with(new, request),
        "v0": signed_with(old, request),
    }
    assert len(request["webhook-signature"].split()) == 2
    assert is_verified_by(new, request)
    assert is_verified_by(old, request)


def test_after_the_grace_only_the_new_one_signs(webhook, sent, clock):
    old = reveal_secret(webhook)
    new = rotate_secret(webhook, grace=GRACE, now=clock())

    clock.advance(minutes=2, microseconds=-1)
    assert "v0" in signatures(sent())
    clock.advance(microseconds=1)
    request = sent()

    assert signatures(request) == {
        "t": request["X-Alvys-Timestamp"],
        "v1": signed_with(new, request),
    }
    assert is_verified_by(new, request)
    assert not is_verified_by(old, request)


def test_without_a_grace_the_old_one_ends_at_once(webhook, sent, clock):
    new = rotate_secret(webhook, grace=timedelta(), now=clock())

    request = sent()

    assert signatures(request).keys() == {"t", "v1"}
    assert is_verified_by(new, request)


def test_a_second_rotation_ends_the_oldest(webhook, sent, clock):
    first = reveal_secret(webhook)
    second = rotate_secret(webhook, grace=GRACE, now=clock())
    clock.advance(seconds=30)
    third = rotate_secret(webhook, grace=GRACE, now=clock())

    request = sent()

    assert signatures(request)["v1"] == signed_with(third, request)
    assert signatures(request)["v0"] == signed_with(second, request)
    assert not is_verified_by(first, request)


def test_an_attempt_is_signed_with_the_secrets_of_its_own_time(
    webhook, sent, receiver, drain, clock
):
    receiver.script(503, 200)
    old = reveal_secret(webhook)
    sent()
    new = rotate_secret(webhook, grace=timedelta(seconds=5), now=clock())

    clock.advance(seconds=10)
    drain()

    first, second = receiver.events
    assert signatures(first)["v1"] == signed_with(old, first)
    assert signatures(second) == {
        "t": second["X-Alvys-Timestamp"],
        "v1": signed_with(new, second),
    }
