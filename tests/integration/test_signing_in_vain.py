"""A secret that cannot be opened is its webhook's trouble alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deliveries.conf import get_conf
from deliveries.models import Delivery
from subscriptions.models import SigningSecret
from subscriptions.signing_secrets import rotate_secret
from tests.builders import make_webhook, publish_sample

State = Delivery.State


@pytest.fixture
def locked_out(acme, receiver):
    """A webhook whose secret was sealed under a key that is gone."""
    webhook = make_webhook(acme, url=receiver.url("/locked-out"))
    SigningSecret.objects.filter(webhook=webhook).update(sealed="v1.gone.AAAA")
    return webhook


def state_of(webhook):
    return Delivery.objects.get(webhook=webhook).state


def test_the_others_get_their_events(acme, locked_out, receiver, drain, caplog):
    healthy = make_webhook(acme, url=receiver.url("/healthy"))
    publish_sample(acme)

    drain()

    assert [each.path for each in receiver.events] == ["/healthy"]
    assert (state_of(healthy), state_of(locked_out)) == (State.SUCCEEDED, State.PENDING)
    assert "secret.unsealable" in caplog.messages


def test_nothing_is_signed_with_the_previous_secret_instead(
    acme, receiver, drain, clock
):
    webhook = make_webhook(acme, url=receiver.url())
    rotate_secret(webhook, grace=timedelta(hours=1), now=clock())
    SigningSecret.objects.current().update(sealed="v1.gone.AAAA")
    publish_sample(acme)

    drain()

    assert not receiver.events


def test_once_the_key_is_back_the_event_goes_out(acme, receiver, drain, clock):
    webhook = make_webhook(acme, url=receiver.url())
    secrets = SigningSecret.objects.filter(webhook=webhook)
    sealed = secrets.get().sealed
    secrets.update(sealed="v1.gone.AAAA")
    publish_sample(acme)
    drain()
    assert state_of(webhook) == State.PENDING

    secrets.update(sealed=sealed)
    clock.now += get_conf().lease("alvys")
    drain()

    assert state_of(webhook) == State.SUCCEEDED
    assert len(receiver.events) == 1
