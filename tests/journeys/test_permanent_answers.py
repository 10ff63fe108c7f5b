"""Which answers end a delivery, and which ask for another attempt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deliveries.models import Attempt, Delivery
from tests.builders import make_webhook, publish_sample
from tests.receiver import Answer


@pytest.fixture
def outcome(acme, webhook, receiver, attempt_all):
    """Answer an event always like this; return its delivery's end and its log."""

    def of(answer):
        publish_sample(acme)
        receiver.always(answer)
        attempt_all()
        delivery = Delivery.objects.get()
        return delivery, list(delivery.attempts.order_by("id"))

    return of


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_success(outcome, status):
    delivery, (attempt,) = outcome(status)

    assert delivery.state == Delivery.State.SUCCEEDED
    assert (attempt.status, attempt.status_code) == ("success", status)


@pytest.mark.parametrize("status", [300, 304, 400, 401, 403, 404, 422, 499, 600, 999])
def test_no_second_attempt(outcome, status):
    delivery, (attempt,) = outcome(status)

    assert delivery.state == Delivery.State.FAILED
    assert (attempt.status, attempt.status_code) == ("failed", status)
    assert attempt.error_message == f"The answer had status {status}."


@pytest.mark.parametrize("status", [408, 429, 500, 501, 503, 599])
def test_four_attempts(outcome, status):
    delivery, attempts = outcome(status)

    assert delivery.state == Delivery.State.FAILED
    assert [each.number for each in attempts] == [1, 2, 3, 4]
    assert {each.status_code for each in attempts} == {status}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(outcome, receiver, status):
    location = {"Location": receiver.url("/elsewhere")}

    delivery, (attempt,) = outcome(Answer(status, location))

    assert delivery.state == Delivery.State.FAILED
    assert attempt.error_message == f"The answer had status {status}."
    assert [each.path for each in receiver.requests] == ["/events"]


def test_silence_is_a_time_out_and_tried_again(
    acme, webhook, receiver, drain, clock, settings
):
    settings.WEBHOOKS_TIMEOUT = timedelta(seconds=0.3)
    publish_sample(acme)
    receiver.script(Answer(hangs=True), 200)

    drain()
    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.error_kind) == ("timeout", "timeout")
    assert attempt.error_message == "No answer within 0.3 seconds."
    assert attempt.status_code is None

    settings.WEBHOOKS_TIMEOUT = timedelta(seconds=30)
    clock.advance(seconds=10)
    drain()
    assert Delivery.objects.get().state == Delivery.State.SUCCEEDED


def test_a_dropped_connection_is_tried_again(acme, webhook, receiver, drain, clock):
    publish_sample(acme)
    receiver.script(Answer(drops=True), 200)

    drain()
    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.error_kind) == ("failed", "reset")
    assert attempt.error_message == (
        "The connection was closed before an answer arrived."
    )

    clock.advance(seconds=10)
    drain()
    assert Delivery.objects.get().state == Delivery.State.SUCCEEDED


@pytest.fixture
def log_of(acme, attempt_all):
    """Publish an event for a webhook at this URL; return what its log says."""

    def of(url):
        make_webhook(acme, url=url)
        publish_sample(acme)
        attempt_all()
        attempts = Attempt.objects.order_by("id")
        return [(each.error_kind, each.error_message) for each in attempts]

    return of


def test_an_unknown_host_is_tried_again(log_of, receiver):
    assert (
        log_of(receiver.url(host="unknown.example.test"))
        == [("dns", "The host name unknown.example.test could not be resolved.")] * 4
    )


def test_a_wrong_certificate_is_tried_again(log_of, receiver, names):
    names["other.example.test"] = ["127.0.0.1"]

    assert (
        log_of(receiver.url(host="other.example.test"))
        == [("tls", "The certificate is not valid for this host name.")] * 4
    )
    assert not receiver.requests


def test_a_forbidden_address_is_tried_again_and_never_called(
    log_of, receiver, settings
):
    settings.WEBHOOKS_ALLOWED_NETWORKS = []

    assert (
        log_of(receiver.url())
        == [("blocked", "The address of this host may not be called.")] * 4
    )
    assert not receiver.requests
