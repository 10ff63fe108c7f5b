"""Issue, rotate and open signing secrets."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from subscriptions.models import SigningSecret, Webhook
from subscriptions.sealing import Unsealable
from subscriptions.signing_secrets import (
    active_keys,
    reveal_secret,
    rotate_secret,
    unsealed,
)
from subscriptions.webhooks import delete_webhook
from tests.builders import make_webhook

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


def keys(webhook, now=NOW):
    return [key.text for key in active_keys([webhook.pk], now=now)[webhook.pk]]


def test_a_secret_is_32_random_bytes_and_says_so(acme):
    first, second = (reveal_secret(make_webhook(acme)) for _ in range(2))

    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 32


def test_a_secret_is_stored_sealed_with_a_hint(webhook):
    secret, row = reveal_secret(webhook), SigningSecret.objects.get()

    assert secret not in row.sealed
    assert secret.removeprefix("whsec_") not in row.sealed
    assert str(row) == f"whsec_••••{secret[-4:]}"


def test_a_sealed_secret_opens_for_its_own_row_only(acme):
    first, second = make_webhook(acme), make_webhook(acme)
    stolen = first.signing_secrets.get().sealed
    SigningSecret.objects.filter(webhook=second).update(sealed=stolen)

    with pytest.raises(Unsealable):
        reveal_secret(second)


def test_an_opened_secret_does_not_print(webhook):
    key = unsealed(SigningSecret.objects.get())

    assert f"{key} {key!r}" == "SigningKey() SigningKey()"


def test_the_previous_secret_signs_until_the_grace_ends(webhook):
    old = reveal_secret(webhook)

    new = rotate_secret(webhook, grace=DAY, now=NOW)

    assert reveal_secret(webhook) == new != old
    assert keys(webhook, NOW) == [new, old]
    assert keys(webhook, NOW + DAY - TICK) == [new, old]
    assert keys(webhook, NOW + DAY) == [new]


def test_without_grace_the_previous_secret_ends_at_once(webhook):
    new = rotate_secret(webhook, grace=timedelta(0), now=NOW)

    assert keys(webhook) == [new]


def test_at_most_two_secrets_sign(webhook):
    first = reveal_secret(webhook)
    second = rotate_secret(webhook, grace=DAY, now=NOW)

    third = rotate_secret(webhook, grace=DAY, now=NOW + TICK)

    assert keys(webhook, NOW + TICK) == [third, second]
    assert first not in keys(webhook, NOW + TICK)


def test_a_secret_that_signs_no_more_is_not_kept(webhook):
    for _ in range(3):
        rotate_secret(webhook, grace=DAY, now=NOW)

    assert SigningSecret.objects.filter(webhook=webhook).count() == 2


def test_a_deleted_webhook_gets_no_secret(webhook):
    delete_webhook(webhook)

    with pytest.raises(Webhook.DoesNotExist):
        rotate_secret(webhook, grace=DAY, now=NOW)

    assert SigningSecret.objects.count() == 1


def test_the_keys_of_many_webhooks_take_one_query(acme, django_assert_num_queries):
    webhooks = [make_webhook(acme) for _ in range(5)]

    with django_assert_num_queries(1):
        found = active_keys([webhook.pk for webhook in webhooks], now=NOW)

    assert found.keys() == {webhook.pk for webhook in webhooks}


def test_a_rotation_of_acme_leaves_globex_alone(webhook, globex):
    theirs = make_webhook(globex)
    secret = reveal_secret(theirs)

    rotate_secret(webhook, grace=DAY, now=NOW)

    assert keys(theirs) == [secret]


def test_what_is_printed_of_a_secret_is_its_last_four_characters(acme):
    webhook = make_webhook(acme)
    secret = reveal_secret(webhook)
    row = SigningSecret.objects.get()

    assert str(row) == f"whsec_••••{secret[-4:]}"
    for printed in (repr(row), str(row), repr(webhook), repr(unsealed(row))):
        assert secret[6:16] not in printed
        assert row.sealed not in printed
