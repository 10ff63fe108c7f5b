"""Recording: attempts always, transitions only while the lease is ours."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deliveries.conf import get_conf
from deliveries.engine.delivering import deliver, prepare
from deliveries.engine.recording import record
from deliveries.models import Attempt, Delivery, WebhookHealth
from deliveries.tokens import Tokens
from deliveries.wire.exchange import Exchange, Failure, FailureKind, Response, Timing
from deliveries.wire.message import HeaderStyle
from subscriptions.models import Webhook
from tests.builders import make_delivery, make_webhook

State = Delivery.State
STYLE = HeaderStyle("X-Alvys-", "Alvys-Webhook/1.0")


@pytest.fixture
def attempt(clock):
    """Make the attempts that were claimed, each with the next of *replies*."""

    def send_all(claimed, *replies, takes=0):
        def send(request, *, timeout):
            clock.advance(seconds=takes)
            return Exchange(next(rest), Timing(total_ms=1000 * takes))

        rest = iter(
            Response(each) if isinstance(each, int) else each for each in replies
        )
        return [
            deliver(each, send=send, style=STYLE, clock=clock)
            for each in prepare(
                claimed, rules_of=get_conf().rules, tokens=Tokens(), now=clock()
            )
        ]

    return send_all


@pytest.fixture
def settle(clock):
    def write(batch):
        record(batch, now=clock())

    return write


@pytest.fixture
def go(claim_due, attempt, settle):
    """Claim what is due, answer it with *replies*, and record that."""

    def claim_send_and_record(*replies, **options):
        settle(attempt(claim_due(per_webhook=50), *replies, **options))

    return claim_send_and_record


def reread(*deliveries):
    for each in deliveries:
        each.refresh_from_db()
    return [each.state for each in deliveries]


# --- One result ---------------------------------------------------------------------


def test_a_success_ends_the_delivery(webhook, go, clock):
    delivery = make_delivery(webhook)
    start = clock()

    go(200, takes=2)

    assert reread(delivery) == [State.SUCCEEDED]
    assert (delivery.due_at, delivery.ended_at) == (None, clock())
    assert (delivery.is_leased, delivery.attempts_made) == (False, 1)
    attempt = Attempt.objects.get()
    assert (attempt.started_at, attempt.duration_ms) == (start, 2000)


def test_the_next_attempt_is_counted_from_the_end_of_the_failed_one(webhook, go, clock):
    delivery = make_delivery(webhook)

    go(500, takes=7)

    assert reread(delivery) == [State.PENDING]
    assert (delivery.is_leased, delivery.attempts_made) == (False, 1)
    assert delivery.due_at == clock() + timedelta(seconds=10)
    assert delivery.ended_at is None


def test_a_refusal_ends_the_delivery(webhook, go, clock):
    delivery = make_delivery(webhook)

    go(404)

    assert reread(delivery) == [State.FAILED]
    assert (delivery.due_at, delivery.ended_at) == (None, clock())


def test_a_batch_of_mixed_results(webhook, go, clock):
    deliveries = [make_delivery(webhook) for _ in range(4)]

    go(200, 500, 404, Failure(FailureKind.TIMEOUT, "No answer within 30 seconds."))

    assert reread(*deliveries) == [
        State.SUCCEEDED,
        State.PENDING,
        State.FAILED,
        State.PENDING,
    ]
    log = Attempt.objects.order_by("delivery_id")
    assert [(each.status, each.status_code) for each in log] == [
        ("success", 200),
        ("failed", 500),
        ("failed", 404),
        ("timeout", None),
    ]
    assert log[3].error_message == "No answer within 30 seconds."


# --- Fencing ------------------------------------------------------------------------


def test_a_late_result_changes_nothing(webhook, claim_due, attempt, settle, clock):
    delivery = make_delivery(webhook)
    late = attempt(claim_due(), 404)
    clock.advance(seconds=60)
    successors = attempt(claim_due(), 200)

    settle(late)
    assert reread(delivery) == [State.PENDING]
    assert (delivery.is_leased, delivery.attempts_made) == (True, 0)

    settle(successors)
    assert reread(delivery) == [State.SUCCEEDED]
    assert WebhookHealth.objects.get().consecutive_failures == 0


def test_a_success_that_the_successor_recorded_stands(
    webhook, claim_due, attempt, settle, clock
):
    delivery = make_delivery(webhook)
    late = attempt(claim_due(), 500)
    clock.advance(seconds=60)
    settle(attempt(claim_due(), 200))
    before = Delivery.objects.values().get()

    settle(late)

    assert Delivery.objects.values().get() == before
    assert reread(delivery) == [State.SUCCEEDED]
    log = Attempt.objects.order_by("sequence")
    assert [(each.sequence, each.status, each.error_kind) for each in log] == [
        (1, "failed", "interrupted"),
        (2, "success", ""),
    ]


def test_a_result_after_the_lease_counts_while_nobody_took_over(
    webhook, claim_due, attempt, settle, clock
):
    delivery = make_delivery(webhook)
    late = attempt(claim_due(), 200)
    clock.advance(hours=1)

    settle(late)

    assert reread(delivery) == [State.SUCCEEDED]


def test_recording_twice_is_recording_once(webhook, claim_due, attempt, settle):
    delivery = make_delivery(webhook)
    batch = attempt(claim_due(), 500)

    settle(batch)
    due_at = Delivery.objects.get().due_at
    settle(batch)

    assert reread(delivery) == [State.PENDING]
    assert (delivery.attempts_made, delivery.due_at) == (1, due_at)
    assert Attempt.objects.count() == 1


# --- Order --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 404])
def test_an_end_releases_the_oldest_that_waits(webhook, go, clock, status):
    _, second, third = (make_delivery(webhook, order_key="t-1") for _ in range(3))

    go(status)

    assert reread(second, third) == [State.PENDING, State.WAITING]
    assert second.due_at == clock()


def test_a_failure_to_be_tried_again_releases_nobody(webhook, go):
    _, second = (make_delivery(webhook, order_key="t-1") for _ in range(2))

    go(500)

    assert reread(second) == [State.WAITING]


def test_an_end_releases_nobody_of_another_entity_or_webhook(
    acme, webhook, claim_due, attempt, settle
):
    make_delivery(webhook, order_key="t-1")
    others = [
        make_delivery(webhook, order_key="t-2", state=State.WAITING),
        make_delivery(webhook, order_key="", state=State.WAITING),
        make_delivery(make_webhook(acme), order_key="t-1", state=State.WAITING),
    ]

    settle(attempt(claim_due(), 200))

    assert reread(*others) == [State.WAITING] * 3


# --- Health -------------------------------------------------------------------------


def failures_of(webhook):
    return WebhookHealth.objects.get(webhook=webhook).consecutive_failures


def test_failures_in_a_row_are_counted_in_the_order_in_which_they_ended(webhook, go):
    for _ in range(4):
        make_delivery(webhook)

    go(404, 404, 200, 404, takes=1)

    assert failures_of(webhook) == 1


def test_the_health_of_each_webhook_is_its_own(acme, webhook, go):
    other = make_webhook(acme)
    for each in (webhook, webhook, other):
        make_delivery(each)

    go(404, 404, 200)

    assert (failures_of(webhook), failures_of(other)) == (2, 0)


def test_the_last_attempt_is_remembered(webhook, go, clock):
    make_delivery(webhook)
    start = clock()

    go(500, takes=5)

    assert WebhookHealth.objects.get().last_attempt_at == start


def test_in_one_batch_the_tenth_failure_disables(webhook, go, clock):
    deliveries = [make_delivery(webhook) for _ in range(12)]

    go(*[404] * 12)

    webhook.refresh_from_db()
    assert webhook.status == Webhook.Status.DISABLED
    assert webhook.disabled_reason == "ConsecutiveFailures"
    assert reread(*deliveries) == [State.FAILED] * 12


def test_a_late_success_does_not_enable_again(webhook, go):
    for _ in range(2):
        make_delivery(webhook)

    go(410, 200, takes=1)

    webhook.refresh_from_db()
    assert webhook.disabled_reason == "Gone"
    assert failures_of(webhook) == 0


# --- What receivers say -------------------------------------------------------------


def test_headers_with_control_characters_can_be_stored(webhook, go):
    make_delivery(webhook)

    go(Response(200, (("X-\x00Nul", "a\x00b\x1b[0m"), ("Set-Cookie", "s=1"))))

    assert Attempt.objects.get().response_headers == [
        [
            "X-\N{REPLACEMENT CHARACTER}Nul",
            "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[0m",
        ],
        ["Set-Cookie", "••••"],
    ]


def test_any_bytes_of_a_body_can_be_stored(webhook, go):
    make_delivery(webhook)
    body = bytes(range(256))

    go(Response(500, body=body))

    assert bytes(Attempt.objects.get().response_body) == body


def test_how_long_each_phase_took(webhook, claim_due, clock, settle):
    make_delivery(webhook)
    timing = Timing(total_ms=10, dns_ms=1, connect_ms=2, tls_ms=None, wait_ms=4)
    exchange = Exchange(Response(200), timing, "192.0.2.7")
    (outgoing,) = prepare(
        claim_due(), rules_of=get_conf().rules, tokens=Tokens(), now=clock()
    )

    settle(
        [deliver(outgoing, send=lambda _, timeout: exchange, style=STYLE, clock=clock)]
    )

    attempt = Attempt.objects.get()
    phases = (attempt.dns_ms, attempt.connect_ms, attempt.tls_ms, attempt.wait_ms)
    assert phases == (1, 2, None, 4)
    assert (attempt.duration_ms, attempt.remote_address) == (10, "192.0.2.7")


# --- Cost ---------------------------------------------------------------------------


def test_the_size_of_a_batch_costs_no_query(
    webhook, claim_due, attempt, settle, django_assert_max_num_queries
):
    for size in (1, 40):
        for number in range(size):
            make_delivery(webhook, order_key=f"t-{size}-{number}")
        batch = attempt(claim_due(per_webhook=50), *[200] * size)
        assert len(batch) == size

        # A savepoint; turnstile, attempts, their roll-up, move, health.
        with django_assert_max_num_queries(7):
            settle(batch)


def test_nothing_to_record_costs_no_query(db, settle, django_assert_num_queries):
    with django_assert_num_queries(0):
        settle([])
