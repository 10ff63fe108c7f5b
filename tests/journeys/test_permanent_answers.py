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


@pytest.mark.parametrize(
    ("kind", "detail", "host", "networks"),
    [
        pytest.param(
            "dns",
            "The host name unknown.example.test could not be resolved.",
            "unknown.example.test",
            ["127.0.0.0/8"],
            id="dns",
        ),
        pytest.param(
            "tls",
            "The certificate is not valid for this host name.",
            "other.example.test",
            ["127.0.0.0/8"],
            id="tls",
        ),
        pytest.param(
            "blocked",
            "The address of this host may not be called.",
            "hooks.example.test",
            [],
            id="blocked",
        ),
    ],
)
def test_what_never_reached_the_receiver_is_tried_again(
    acme, receiver, attempt_all, names, settings, kind, detail, host, networks
):
    names["other.example.test"] = ["127.0.0.1"]
    settings.WEBHOOKS_ALLOWED_NETWORKS = networks
    make_webhook(acme, url=receiver.url(host=host))
    publish_sample(acme)

    attempt_all()

    attempts = Attempt.objects.all()
    assert [(each.error_kind, each.error_message) for each in attempts] == (
        [(kind, detail)] * 4
    )
    assert not receiver.requests
