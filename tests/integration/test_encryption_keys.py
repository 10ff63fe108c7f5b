"""Changing the key that seals: every secret, without a pause, as often as you like."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from subscriptions import resealing
from subscriptions.credentials import FetchedToken, keep_token, kept_auths
from subscriptions.models import AuditEvent, SigningSecret
from subscriptions.origins import SYSTEM
from subscriptions.request_auth import Auth, AuthType
from subscriptions.resealing import count_stale, reseal_all
from subscriptions.sealing import Unsealable, new_key
from subscriptions.signature_tokens import readable_tokens
from subscriptions.signing_secrets import active_keys, reveal_secret, rotate_secret
from tests.builders import make_webhook

OLD, NEW, OTHER = (new_key(key_id=name) for name in ("old", "new", "other"))


@pytest.fixture
def webhooks(acme, globex, settings):
    """Three of Acme, one of Globex, under the old key; now the new one comes first."""
    settings.WEBHOOKS_ENCRYPTION_KEYS = OLD
    made = [make_webhook(tenant) for tenant in (acme, acme, acme, globex)]
    settings.WEBHOOKS_ENCRYPTION_KEYS = f"{NEW},{OLD}"
    return made


def run(*words):
    out, err = StringIO(), StringIO()
    call_command("rotate_encryption_key", *words, stdout=out, stderr=err)
    return out.getvalue().splitlines(), err.getvalue()


def test_every_secret_is_sealed_under_the_first_key(webhooks, settings):
    before = [reveal_secret(webhook) for webhook in webhooks]

    lines, errors = run()

    settings.WEBHOOKS_ENCRYPTION_KEYS = NEW
    assert lines == ["4 of 4", "Every secret is sealed under new."]
    assert errors == ""
    assert [reveal_secret(webhook) for webhook in webhooks] == before


def test_the_secret_in_its_grace_is_sealed_anew_as_well(webhooks, settings):
    now = timezone.now()
    settings.WEBHOOKS_ENCRYPTION_KEYS = OLD
    rotate_secret(webhooks[0], grace=timedelta(hours=1), now=now)
    before = active_keys([webhooks[0].pk], now=now)

    settings.WEBHOOKS_ENCRYPTION_KEYS = f"{NEW},{OLD}"
    run()

    settings.WEBHOOKS_ENCRYPTION_KEYS = NEW
    assert active_keys([webhooks[0].pk], now=now) == before
    assert len(before[webhooks[0].pk]) == 2


def test_signature_tokens_are_sealed_anew_as_well(acme, settings):
    settings.WEBHOOKS_ENCRYPTION_KEYS = OLD
    webhook = make_webhook(
        acme, profile="supplierxm", events=["BU_CHASED"], signature_token="ours"
    )
    settings.WEBHOOKS_ENCRYPTION_KEYS = f"{NEW},{OLD}"

    run()

    settings.WEBHOOKS_ENCRYPTION_KEYS = NEW
    assert readable_tokens([webhook.pk]) == {webhook.pk: "ours"}


def test_a_fetched_token_is_sealed_anew_as_well(acme, settings):
    settings.WEBHOOKS_ENCRYPTION_KEYS = OLD
    auth = Auth(AuthType.OAUTH2, {"client_secret": "ours"})
    webhook = make_webhook(
        acme, profile="alloy", events=["update:journeyapplications:live"], auth=auth
    )
    now = timezone.now()
    token = FetchedToken("theirs", now, good_until=now + timedelta(hours=1))
    keep_token(webhook.credentials.uid, token)
    settings.WEBHOOKS_ENCRYPTION_KEYS = f"{NEW},{OLD}"

    run()

    settings.WEBHOOKS_ENCRYPTION_KEYS = NEW
    kept = kept_auths([webhook.pk])[webhook.pk]
    assert (kept.auth, kept.token) == (auth, token)
    assert count_stale() == 0


def test_checking_says_how_many_are_left_and_changes_nothing(webhooks):
    before = list(SigningSecret.objects.order_by("pk").values())

    with pytest.raises(CommandError) as raised:
        run("--check")

    assert str(raised.value) == "4 of the secrets still use another key than new."
    assert raised.value.returncode == 1
    assert list(SigningSecret.objects.order_by("pk").values()) == before


def test_checking_is_content_afterwards(webhooks):
    run()

    assert run("--check") == (["Every secret is sealed under new."], "")


def test_once_more_changes_nothing(webhooks):
    run()
    before = list(SigningSecret.objects.order_by("pk").values())
    recorded = AuditEvent.objects.count()

    assert run() == (["Every secret is sealed under new."], "")
    assert list(SigningSecret.objects.order_by("pk").values()) == before
    assert AuditEvent.objects.count() == recorded


def test_it_can_be_stopped_and_run_again(webhooks, monkeypatch):
    monkeypatch.setattr(resealing, "BATCH", 1)

    some = reseal_all(origin=SYSTEM)
    assert (next(some).resealed, next(some).resealed) == (1, 2)
    some.close()

    assert count_stale() == 2
    lines, _ = run()
    assert lines == ["1 of 2", "2 of 2", "Every secret is sealed under new."]


def test_what_is_replaced_between_reading_and_writing_is_left_alone(webhooks):
    read = SigningSecret.objects.get(webhook=webhooks[0])
    SigningSecret.objects.filter(pk=read.pk).update(sealed="v1.new.replaced")

    column = resealing.Column(SigningSecret, "sealed")
    progress = resealing._reseal(column, [read], resealing.Progress())

    assert progress == (1, 0, 0)
    assert SigningSecret.objects.get(pk=read.pk).sealed == "v1.new.replaced"


def test_what_no_key_opens_is_counted_and_the_others_are_done(webhooks, settings):
    settings.WEBHOOKS_ENCRYPTION_KEYS = f"{NEW},{OLD},{OTHER}"
    lost = SigningSecret.objects.get(webhook=webhooks[1])
    foreign = lost.sealed.replace("v1.old.", "v1.gone.")
    SigningSecret.objects.filter(pk=lost.pk).update(sealed=foreign)
    out, err = StringIO(), StringIO()

    with pytest.raises(CommandError) as raised:
        call_command("rotate_encryption_key", stdout=out, stderr=err)

    assert str(raised.value) == "1 of the secrets still use another key than new."
    assert err.getvalue() == "1 could not be opened by any key.\n"
    assert SigningSecret.objects.get(pk=lost.pk).sealed == foreign
    assert reveal_secret(webhooks[0]).startswith("whsec_")
    with pytest.raises(Unsealable):
        reveal_secret(webhooks[1])


def test_it_is_recorded_with_the_key_and_the_count(webhooks):
    run()

    event = AuditEvent.objects.get(action="encryption_key.rotated")
    assert (event.tenant, event.actor_name) == (None, "rotate_encryption_key")
    assert event.object_id == "new"
    assert event.changes == {"Resealed": {"Before": None, "After": 4}}


def test_an_id_that_begins_like_the_first_is_another_key(acme, settings):
    settings.WEBHOOKS_ENCRYPTION_KEYS = new_key(key_id="newer")
    make_webhook(acme)
    settings.WEBHOOKS_ENCRYPTION_KEYS = f"{NEW},{settings.WEBHOOKS_ENCRYPTION_KEYS}"

    assert count_stale() == 1


@pytest.mark.parametrize("count", [1, 5])
def test_a_batch_takes_one_query_and_one_more_for_each_secret(
    acme, settings, django_assert_num_queries, count
):
    settings.WEBHOOKS_ENCRYPTION_KEYS = OLD
    for _ in range(count):
        make_webhook(acme)
    settings.WEBHOOKS_ENCRYPTION_KEYS = f"{NEW},{OLD}"

    # A look at each of the six columns of sealed texts, in five tables.
    with django_assert_num_queries(6 + count):
        next(reseal_all(origin=SYSTEM))


def test_every_column_of_sealed_texts_is_found():
    from django.apps import apps

    columns = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.fields
        if "sealed" in field.name
    }

    assert (SigningSecret, "sealed") in columns
    assert set(resealing.sealed_columns()) == columns
