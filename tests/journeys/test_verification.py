"""A URL proves that it belongs to who entered it, before anything is sent to it."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest

from deliveries.conf import get_conf
from deliveries.models import Attempt, Delivery
from deliveries.verification import record_verification, verify
from subscriptions.models import Webhook
from subscriptions.verification import claim_challenges
from subscriptions.webhooks import (
    create_webhook,
    delete_webhook,
    disable_webhook,
    enable_webhook,
    request_verification,
    update_webhook,
)
from tests.builders import make_webhook, publish_sample
from tests.receiver import Answer, accept_challenge

Status = Webhook.Status


def echo(**changes):
    """A body that answers the challenge, but for these changes."""

    def body(request):
        answer = {"challenge": request.json["challenge"]}
        return json.dumps(answer | changes).encode()

    return body


@pytest.fixture
def pending(acme, receiver):
    """A webhook of Acme that was just created."""
    return create(acme, url=receiver.url())


def create(tenant, *, url):
    return create_webhook(
        tenant=tenant,
        subsidiary=tenant.subsidiaries.get(),
        name="Production",
        url=url,
        events=["tender.created"],
        created_by="dana",
    ).webhook


def stands(webhook):
    webhook.refresh_from_db()
    return webhook.status, webhook.verification_error


def test_passing_makes_it_active(pending, drain, clock):
    drain()

    assert stands(pending) == ("Active", "")
    assert pending.verified_at == clock()
    assert pending.verification_due_at is None


def test_the_challenge_is_an_unsigned_request_of_a_fixed_form(pending, receiver, drain):
    drain()

    (request,) = receiver.challenges
    token = request["X-Alvys-Challenge"]
    assert request.body == (
        b'{"type":"webhook.verification","challenge":"%b"}' % token.encode()
    )
    assert {name for name, _ in request.headers} == {
        "Host",
        "Accept-Encoding",
        "Content-Length",
        "Content-Type",
        "User-Agent",
        "X-Alvys-Event",
        "X-Alvys-Challenge",
        "traceparent",
    }
    assert request["Content-Type"] == "application/json; charset=utf-8"
    assert request["X-Alvys-Event"] == "webhook.verification"
    assert request["User-Agent"] == "Alvys-Webhook/1.0"


def test_each_challenge_has_a_token_of_its_own(pending, receiver, drain):
    drain()
    request_verification(pending)
    drain()

    first, second = (each["X-Alvys-Challenge"] for each in receiver.challenges)
    assert first != second
    # 128 bits at six a character.
    assert min(len(first), len(second)) >= 22


def test_it_is_asked_once_and_leaves_no_trace_in_the_log(pending, receiver, drain):
    receiver.script_challenges(500)

    drain()
    drain()

    assert len(receiver.requests) == 1
    assert not Attempt.objects.exists()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(
            Answer(201, body=accept_challenge),
            "The answer had status 201; a challenge is passed with 200.",
            id="status 201",
        ),
        pytest.param(
            Answer(302, {"Location": "/elsewhere"}),
            "The answer had status 302; a challenge is passed with 200.",
            id="redirect",
        ),
        pytest.param(
            Answer(500),
            "The answer had status 500; a challenge is passed with 200.",
            id="status 500",
        ),
        pytest.param(Answer(body=b""), "The answer was not valid JSON.", id="empty"),
        pytest.param(
            Answer(body=b"{challenge}"), "The answer was not valid JSON.", id="not JSON"
        ),
        pytest.param(
            Answer(body=b"\xff\xfe{"), "The answer was not valid JSON.", id="not text"
        ),
        pytest.param(
            Answer(body=b"[" * 9000),
            "The answer was nested deeper than 64 levels.",
            id="abyss",
        ),
        pytest.param(
            Answer(body=lambda request: b'"%b"' % request.json["challenge"].encode()),
            "The answer was not a JSON object.",
            id="bare token",
        ),
        pytest.param(
            Answer(body=b"{}"),
            "The answer had no property named challenge.",
            id="no challenge",
        ),
        pytest.param(
            Answer(body=echo(challenge="guess")),
            "The challenge in the answer was not the one that was sent.",
            id="mismatch",
        ),
        pytest.param(
            Answer(body=echo(challenge=None)),
            "The challenge in the answer was not the one that was sent.",
            id="null",
        ),
        pytest.param(
            Answer(body=echo(padding="x" * 16384)),
            "The answer was larger than 16 KiB.",
            id="too large",
        ),
        pytest.param(
            Answer(drops=True),
            "The connection was closed before an answer arrived.",
            id="dropped",
        ),
    ],
)
def test_each_rule_has_its_sentence(pending, receiver, drain, answer, error):
    receiver.script_challenges(answer)

    drain()

    assert stands(pending) == ("Pending", error)
    assert pending.verified_at is None
    assert len(receiver.requests) == 1


def test_other_members_may_stand_beside_the_challenge(pending, receiver, drain):
    receiver.script_challenges(Answer(body=echo(status="ok", nested={"a": [1]})))

    drain()

    assert stands(pending) == ("Active", "")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(hangs=True), id="no answer at all"),
        pytest.param(Answer(body=accept_challenge, delay=0.6), id="a late answer"),
    ],
)
def test_the_time_is_limited(pending, receiver, drain, settings, answer):
    settings.WEBHOOKS_VERIFICATION_TIMEOUT = timedelta(seconds=0.3)
    receiver.script_challenges(answer)

    drain()

    assert stands(pending) == (
        "Pending",
        "There was no complete answer within 0.3 seconds.",
    )


def test_the_time_is_limited_in_total(pending, receiver, drain, settings):
    settings.WEBHOOKS_VERIFICATION_TIMEOUT = timedelta(seconds=0.3)
    receiver.script_challenges(Answer(body=accept_challenge, drips=0.05))

    drain()

    assert stands(pending) == (
        "Pending",
        "There was no complete answer within 0.3 seconds.",
    )


def test_a_deliverys_time_does_not_count_here(pending, receiver, drain, settings):
    settings.WEBHOOKS_TIMEOUT = timedelta(seconds=0.1)
    receiver.script_challenges(Answer(body=accept_challenge, delay=0.3))

    drain()

    assert stands(pending) == ("Active", "")


@pytest.fixture
def error_of(acme, receiver, drain):
    """Return why a webhook at this host was not verified."""

    def of(host):
        webhook = create(acme, url=receiver.url(host=host))
        drain()
        status, error = stands(webhook)
        assert status == Status.PENDING
        assert not receiver.requests
        return error

    return of


def test_a_host_that_does_not_exist(error_of):
    assert error_of("unknown.example.test") == (
        "The host name unknown.example.test could not be resolved."
    )


def test_a_certificate_of_another_host(error_of, names):
    names["other.example.test"] = ["127.0.0.1"]

    assert error_of("other.example.test") == (
        "The certificate is not valid for this host name."
    )


def test_an_address_that_may_not_be_called(error_of, names):
    names["inside.example.test"] = ["10.0.0.7"]

    assert error_of("inside.example.test") == (
        "The address of this host may not be called."
    )


def test_another_try_may_pass(pending, receiver, drain):
    receiver.script_challenges(500)
    drain()
    assert pending.status == Status.PENDING

    request_verification(pending)
    assert stands(pending) == ("Pending", "")
    drain()

    assert stands(pending) == ("Active", "")


def test_a_failed_challenge_leaves_an_active_webhook_active(acme, receiver, drain):
    webhook = make_webhook(acme, url=receiver.url())
    receiver.script_challenges(500)

    request_verification(webhook)
    drain()

    assert stands(webhook) == (
        "Active",
        "The answer had status 500; a challenge is passed with 200.",
    )


def test_a_new_url_must_prove_itself(acme, receiver, drain):
    webhook = make_webhook(acme, url=receiver.url("/old"))
    receiver.script_challenges(500, path="/new")

    update_webhook(webhook, changes={"url": receiver.url("/new")}, updated_by="dana")
    publish_sample(acme)
    drain()

    assert stands(webhook)[0] == Status.PENDING
    assert [each.path for each in receiver.requests] == ["/new"]
    assert not Delivery.objects.exists()


def test_what_was_held_goes_out_to_the_new_url(acme, receiver, drain):
    webhook = make_webhook(acme, url=receiver.url("/old"))
    publish_sample(acme)
    receiver.script_challenges(500, path="/new")

    update_webhook(webhook, changes={"url": receiver.url("/new")}, updated_by="dana")
    drain()
    assert Delivery.objects.get().state == Delivery.State.PENDING
    assert not receiver.events

    request_verification(webhook)
    drain()
    assert Delivery.objects.get().state == Delivery.State.SUCCEEDED
    assert [each.path for each in receiver.events] == ["/new"]


def test_the_same_url_again_is_no_news(acme, receiver, drain):
    webhook = make_webhook(acme, url=receiver.url())

    update_webhook(webhook, changes={"url": receiver.url()}, updated_by="dana")
    drain()

    assert stands(webhook) == ("Active", "")
    assert not receiver.requests


def test_enabling_a_disabled_webhook_asks_first(acme, receiver, drain):
    webhook = make_webhook(acme, url=receiver.url(), status=Status.DISABLED)

    enable_webhook(webhook)
    assert stands(webhook)[0] == Status.DISABLED
    drain()

    assert stands(webhook) == ("Active", "")
    assert (webhook.disabled_at, webhook.disabled_reason) == (None, "")


def test_a_disabled_webhook_that_fails_stays_disabled(acme, receiver, drain):
    webhook = make_webhook(acme, url=receiver.url(), status=Status.DISABLED)
    receiver.script_challenges(Answer(body=b"{}"))

    enable_webhook(webhook)
    drain()

    assert stands(webhook) == (
        "Disabled",
        "The answer had no property named challenge.",
    )
    assert webhook.disabled_reason == "Manual"


def test_enabling_an_active_webhook_asks_nothing(acme, receiver, drain):
    webhook = make_webhook(acme, url=receiver.url())

    enable_webhook(webhook)
    drain()

    assert not receiver.requests


@pytest.fixture
def meanwhile(pending, client_of, clock, drain):
    """Do something after the receiver has answered, before that is recorded."""

    def act(action):
        conf = get_conf()
        timeout = conf.verification_timeout
        send = partial(client_of(conf).send, timeout=timeout)
        (challenge,) = claim_challenges(limit=8, lease=3 * timeout, now=clock())
        verified = verify(challenge, send=send, style=conf.style, timeout=timeout)
        assert not verified.error
        action()
        record_verification(verified, now=clock())

    return act


def test_an_answer_after_disabling_is_void(pending, meanwhile, clock):
    meanwhile(lambda: disable_webhook(pending.pk, reason="Manual", now=clock()))

    assert stands(pending)[0] == Status.DISABLED
    assert pending.verified_at is None


def test_an_answer_of_the_old_url_is_void(pending, meanwhile, receiver, drain):
    changes = {"url": receiver.url("/new")}
    receiver.script_challenges(500, path="/new")

    meanwhile(lambda: update_webhook(pending, changes=changes, updated_by="dana"))
    assert stands(pending) == ("Pending", "")

    drain()
    assert stands(pending) == (
        "Pending",
        "The answer had status 500; a challenge is passed with 200.",
    )


def test_an_answer_to_an_older_challenge_is_void(pending, meanwhile):
    meanwhile(lambda: request_verification(pending))

    assert stands(pending)[0] == Status.PENDING


def test_an_answer_after_deletion_is_void(pending, meanwhile):
    meanwhile(lambda: delete_webhook(pending))

    assert stands(pending)[0] == Status.PENDING


def test_a_challenge_whose_worker_died_is_sent_again(pending, receiver, drain, clock):
    timeout = get_conf().verification_timeout
    claim_challenges(limit=8, lease=3 * timeout, now=clock())

    drain()
    assert not receiver.requests

    clock.advance(seconds=9)
    drain()
    assert stands(pending) == ("Active", "")
