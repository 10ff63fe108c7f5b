"""Our own way out breaks: nobody is charged for it, and then it goes on."""

from __future__ import annotations

import logging
import ssl

import pytest

from deliveries.conf import get_conf
from deliveries.models import Attempt, Delivery, Egress, WebhookHealth
from deliveries.policy.egress import PAUSE, PROBES
from subscriptions.models import Webhook
from subscriptions.webhooks import disable_webhook
from tests.builders import make_delivery, make_webhook
from tests.receiver import Receiver

HOSTS = [f"host{number}.example.test" for number in range(4)]
ALL = slice(None)
# So many fail and are charged; with one more it is nobody's fault but ours.
FIRST, REST = slice(9), slice(9, 12)


@pytest.fixture
def receiver(authority):
    """Of all hosts of example.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("*.example.test").configure_cert(context)
    receiver = Receiver(context)
    yield receiver
    receiver.close()


@pytest.fixture
def webhooks(acme, globex, receiver):
    """Twelve of two tenants, at four hosts."""
    return [
        make_webhook(
            (acme, globex)[number % 2],
            url=receiver.url(f"/{number}", host=HOSTS[number % len(HOSTS)]),
        )
        for number in range(12)
    ]


@pytest.fixture
def send(webhooks, drain):
    """An event to each of those webhooks, as far as it goes."""

    def send_to(which):
        for webhook in webhooks[which]:
            make_delivery(webhook)
        drain()

    return send_to


@pytest.fixture
def repair(names):
    return lambda: names.update({host: ["127.0.0.1"] for host in HOSTS})


@pytest.fixture
def cut(names, repair, client_of, drain):
    """No name is found any more, and no connection stands."""
    repair()

    def cut():
        names.clear()
        client_of(get_conf()).close()

    return cut


@pytest.fixture
def outage(send, cut, clock):
    """All have delivered; then nine fail and are charged, and three more do not count."""
    send(ALL)
    clock.advance(seconds=15)
    cut()
    send(FIRST)
    assert not Egress.objects.exists()
    clock.advance(seconds=5)
    send(REST)


def pending(webhooks):
    """How many attempts were charged to what is not delivered yet."""
    found = Delivery.objects.filter(webhook__in=webhooks, state=Delivery.State.PENDING)
    return list(found.order_by("pk").values_list("attempts_made", flat=True))


def test_attempts_of_an_outage_are_charged_to_nobody(outage, webhooks, clock):
    assert pending(webhooks[FIRST]) == [1] * 9
    assert pending(webhooks[REST]) == [0] * 3
    assert set(Webhook.objects.values_list("status", flat=True)) == {"Active"}
    failures = WebhookHealth.objects.values_list("consecutive_failures", flat=True)
    assert set(failures) == {0}


def test_the_log_says_whose_fault_it_was(outage, webhooks):
    host = HOSTS[9 % len(HOSTS)]

    log = Attempt.objects.filter(webhook=webhooks[9]).order_by("pk").last()

    assert (log.status, log.error_kind, log.number) == ("failed", "outage", 1)
    assert log.error_message == f"The host name {host} could not be resolved."


def test_while_it_lasts_nothing_is_sent(
    outage, webhooks, clock, repair, receiver, drain, send
):
    repair()
    arrived = len(receiver.events)

    clock.advance(seconds=29)
    send(ALL)

    assert len(receiver.events) == arrived


def test_what_is_skipped_is_skipped_also_in_an_outage(outage, webhooks, clock, drain):
    disable_webhook(webhooks[0].pk, reason="Manual", now=clock())

    drain()

    states = Delivery.objects.filter(webhook=webhooks[0]).order_by("pk")
    assert list(states.values_list("state", flat=True)) == [
        Delivery.State.SUCCEEDED,
        Delivery.State.SKIPPED,
    ]


def test_challenges_wait_as_well(outage, acme, receiver, clock, repair, drain):
    repair()
    url = receiver.url("/new", host=HOSTS[0])
    webhook = make_webhook(acme, url=url, status="Pending")
    Webhook.objects.filter(pk=webhook.pk).update(verification_due_at=clock())

    drain()
    assert not receiver.challenges

    clock.advance(seconds=30)
    drain()
    webhook.refresh_from_db()
    assert webhook.status == "Active"


def test_then_a_few_are_tried_and_when_they_fail_the_pause_goes_on(
    outage, webhooks, clock, drain
):
    before = Attempt.objects.count()

    clock.advance(seconds=30)
    drain()

    tried = Attempt.objects.order_by("pk")[before:]
    assert [each.error_kind for each in tried] == ["outage"] * PROBES
    assert len({each.webhook_id for each in tried}) == PROBES
    assert Egress.objects.get().paused_until == clock() + PAUSE
    drain()
    assert Attempt.objects.count() == before + PROBES


def test_it_goes_on_when_somebody_is_reached(
    outage, webhooks, clock, drain, repair, receiver
):
    repair()

    clock.advance(seconds=30)
    drain()

    assert pending(webhooks) == []
    numbers = [each["X-Alvys-Attempt"] for each in receiver.events[len(webhooks) :]]
    assert sorted(numbers) == ["1"] * 3 + ["2"] * 9
    egress = Egress.objects.get()
    assert (egress.down_since, egress.paused_until) == (None, None)
    assert egress.up_since == clock()


def test_however_long_it_lasts_no_attempt_is_lost_and_nobody_disabled(
    outage, webhooks, clock, drain, repair, settings
):
    settings.WEBHOOKS_AUTO_DISABLE_AFTER = 1

    for _ in range(20):
        clock.advance(seconds=30)
        drain()
    repair()
    clock.advance(seconds=30)
    drain()

    assert pending(webhooks) == []
    failed = Delivery.objects.filter(state=Delivery.State.FAILED)
    assert not failed.exists()
    assert set(Webhook.objects.values_list("status", flat=True)) == {"Active"}


def test_it_is_told_once_when_it_begins_and_once_when_it_ends(
    outage, clock, drain, repair, caplog
):
    caplog.set_level(logging.WARNING)

    clock.advance(seconds=30)
    drain()
    assert not [each for each in caplog.records if each.message.startswith("egress")]
    repair()
    clock.advance(seconds=30)
    drain()

    (up,) = [each for each in caplog.records if each.message.startswith("egress")]
    assert (up.message, up.levelno, up.seconds) == ("egress.up", logging.WARNING, 60)


def test_the_beginning_is_told_with_what_was_seen(send, cut, clock, caplog):
    send(ALL)
    cut()
    clock.advance(minutes=2)

    send(FIRST)
    clock.advance(seconds=5)
    send(slice(9, 10))

    (down,) = [each for each in caplog.records if each.message.startswith("egress")]
    assert (down.message, down.levelno) == ("egress.down", logging.ERROR)
    assert (down.webhooks, down.attempts, down.unconnected) == (10, 10, 10)


def test_dead_receivers_of_one_tenant_stop_nobody(
    acme, globex, webhooks, send, cut, names, repair, clock, drain
):
    """On an otherwise idle platform, though all had delivered a moment ago."""
    Webhook.objects.update(tenant=globex)
    make_webhook(acme)
    send(ALL)
    cut()
    clock.advance(minutes=2)

    send(FIRST)
    clock.advance(seconds=5)
    send(REST)

    assert not Egress.objects.exists()
    assert pending(webhooks) == [1] * 12


def test_receivers_that_never_delivered_stop_nobody(webhooks, send, cut, clock):
    cut()

    send(FIRST)
    clock.advance(seconds=5)
    send(REST)

    assert not Egress.objects.exists()
    assert pending(webhooks) == [1] * 12


def test_the_same_dead_receivers_stop_us_once(
    outage, webhooks, clock, drain, names, send, cut
):
    """Nine of them stay dead; the other three can be reached."""
    names.update({HOSTS[3]: ["127.0.0.1"]})
    clock.advance(seconds=30)
    drain()
    assert Egress.objects.get().down_since is None

    cut()
    clock.advance(minutes=2)
    send(ALL)
    clock.advance(seconds=5)
    send(ALL)

    assert Egress.objects.get().down_since is None
