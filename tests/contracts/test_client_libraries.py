"""What the receiver got is verified by the libraries that customers use."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from standardwebhooks import WebhookVerificationError

from subscriptions.signing_secrets import reveal_secret, rotate_secret
from tests.builders import make_webhook, publish_sample, sample_of


@pytest.fixture(params=["standardwebhooks", "svix.webhooks"])
def library(request):
    # Where it is needed: Svix's takes long to import.
    return import_module(request.param).Webhook


@pytest.fixture
def webhook(acme, receiver):
    return make_webhook(acme, url=receiver.url())


@pytest.fixture
def request_received(acme, receiver, drain):
    """Publish an event with letters beyond ASCII; return the request it became."""

    def receive():
        data = sample_of("tender.created")
        data["tender"]["notes"] = ["Łódź, 北京 🚚", "tab\tand\u2028separator"]
        publish_sample(acme, data=data)
        drain()
        return receiver.events[-1]

    return receive


def verify(library, secret, request, *, body=None):
    library(secret).verify(body or request.body, dict(request.headers))


def test_they_verify_what_we_send(library, webhook, request_received):
    verify(library, reveal_secret(webhook), request_received())


def test_they_verify_with_either_secret_of_a_rotation(
    library, webhook, request_received, clock
):
    old = reveal_secret(webhook)
    new = rotate_secret(webhook, grace=timedelta(hours=1), now=clock())
    request = request_received()

    verify(library, new, request)
    verify(library, old, request)


def test_they_refuse_a_body_that_was_changed(library, webhook, request_received):
    request = request_received()

    with pytest.raises(WebhookVerificationError, match="No matching signature found"):
        verify(library, reveal_secret(webhook), request, body=request.body + b" ")


def test_they_refuse_the_secret_of_another_webhook(
    library, acme, webhook, request_received
):
    other = make_webhook(acme, events=["webhook.disabled"])

    with pytest.raises(WebhookVerificationError, match="No matching signature found"):
        verify(library, reveal_secret(other), request_received())
