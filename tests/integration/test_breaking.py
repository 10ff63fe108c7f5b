"""What is not acknowledged stops its webhook; unbreaking sends it again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from deliveries import recovery
from deliveries.breaking import Acknowledgement, health_of_many, unbreak
from deliveries.conf import get_conf
from deliveries.engine.acknowledging import stop_overdue
from deliveries.engine.backlog import busy_webhooks
from deliveries.engine.skipping import skip_stopped
from deliveries.logs import find_entry
from deliveries.models import Delivery, Event, Recovery, WebhookHealth
from deliveries.notifications.mailing import send_notices
from deliveries.recovery import Order, start_recovery
from deliveries.replays import replay
from deliveries.webhook_tests import publish_test
from subscriptions.audit import Action
from subscriptions.models import AuditEvent, User, Webhook
from subscriptions.origins import ActorKind, Origin
from subscriptions.profiles import Retried, Unacknowledged, all_profiles
from subscriptions.webhooks import delete_webhook, disable_webhook, enable_webhook
from tests.builders import make_webhook, publish_sample
from tests.profiles import make_profile, make_webhook_of, publish_in

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TWO_DAYS = 48 * HOUR
A_MOMENT = timedelta(milliseconds=1)
POLICY = {
    "success": frozenset({200}),
    "retried": Retried.EVERYTHING,
    "delays": (MINUTE, HOUR, 24 * HOUR),
    "stop_rule": Unacknowledged(TWO_DAYS),
    "stops_when_gone": False,
}
DANA = Origin(ActorKind.CLIENT, "dana")
State = Delivery.State


@pytest.fixture
def profile(speak):
    return speak(make_profile("post", **POLICY))


@pytest.fixture
def webhook(profile, acme, receiver):
    """An active webhook of Acme, at the receiver, that must acknowledge in 48 hours."""
    return make_webhook_of(profile, acme, url=receiver.url())


@pytest.fixture
def publish(profile, acme):
    return lambda **fact: publish_in(profile, acme, **fact)


@pytest.fixture
def sweep(clock):
    return lambda: stop_overdue(get_conf(), now=clock())


@pytest.fixture
def stands(webhook):
    def state():
        webhook.refresh_from_db()
        return webhook.status, webhook.disabled_reason

    return state


BROKEN = ("Disabled", "NotAcknowledged")
HEALTHY = ("Active", "")


# --- Stopping -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "then"), [(TWO_DAYS - A_MOMENT, HEALTHY), (TWO_DAYS, BROKEN)]
)
def test_48_hours_after_the_first_attempt_the_sweep_stops_it(
    publish, receiver, drain, clock, sweep, stands, age, then
):
    receiver.always(500)
    publish()
    drain()

    clock.now += age
    sweep()

    assert stands() == then


def test_a_record_of_a_failure_stops_it_too(publish, receiver, drain, clock, stands):
    receiver.always(500)
    publish()
    drain()
    clock.now += TWO_DAYS
    publish()

    drain()

    assert stands() == BROKEN
    assert WebhookHealth.objects.get().consecutive_failures == 0


def test_the_age_is_that_of_the_first_attempt_not_of_the_last(
    publish, receiver, drain, clock, sweep, stands
):
    receiver.always(500)
    publish()
    drain()
    for wait in (MINUTE, HOUR, 24 * HOUR):
        clock.now += wait
        drain()
    assert Delivery.objects.get().state == State.FAILED

    clock.now += 23 * HOUR - MINUTE
    sweep()

    assert stands() == BROKEN


def test_an_event_that_arrives_at_last_is_acknowledged(
    publish, receiver, drain, clock, sweep, stands
):
    receiver.script(500, 200)
    publish()
    drain()
    clock.now += MINUTE
    drain()

    clock.now += TWO_DAYS
    sweep()

    assert stands() == HEALTHY
    assert Delivery.objects.get().unacknowledged_since is None


def test_the_oldest_that_is_left_decides(
    publish, receiver, drain, clock, sweep, stands
):
    receiver.script(500, 500, 200)
    publish()
    drain()
    clock.now += timedelta(seconds=30)
    publish()
    drain()
    second = Delivery.objects.get(
        attempts_made=1, due_at__gt=clock() + timedelta(seconds=30)
    )
    began = clock()
    clock.now += timedelta(seconds=30)
    drain()

    clock.now = began + TWO_DAYS - A_MOMENT
    sweep()
    assert stands() == HEALTHY
    clock.now += A_MOMENT
    sweep()

    assert stands() == BROKEN
    second.refresh_from_db()
    assert second.unacknowledged_since == began


def test_sending_it_again_acknowledges_what_had_failed(
    publish, webhook, receiver, drain, clock, sweep, stands
):
    receiver.script(*[500] * 4, 200)
    publish()
    drain()
    for wait in POLICY["delays"]:
        clock.now += wait
        drain()
    (log_id,) = (
        each.public_id for each in Delivery.objects.get().attempts.filter(number=4)
    )
    replay(find_entry(webhook, log_id), now=clock())
    drain()

    clock.now += TWO_DAYS
    sweep()

    assert stands() == HEALTHY


def test_what_was_never_attempted_has_no_age(publish, clock, sweep, stands):
    publish()

    clock.now += 2 * TWO_DAYS
    sweep()

    assert stands() == HEALTHY


def test_tests_are_never_counted(webhook, receiver, drain, clock, sweep, stands):
    receiver.always(500)
    publish_test(webhook, event_type="post.sent")
    drain()

    clock.now += TWO_DAYS
    sweep()

    assert stands() == HEALTHY
    assert health_of_many([webhook.pk])[webhook.pk] == (False, None, None)


def test_an_attempt_that_our_worker_did_not_survive_begins_nothing(
    webhook, publish, receiver, drain, clock, claim_due
):
    receiver.always(500)
    publish()
    claim_due()
    clock.advance(minutes=5)

    drain()

    assert Delivery.objects.get().unacknowledged_since == clock()


def test_what_waits_is_skipped_and_people_are_told(
    publish, receiver, drain, clock, sweep, webhook, acme
):
    User.objects.create_user("dana", email="dana@acme.example.com", tenant=acme)
    receiver.always(500)
    publish()
    drain()
    clock.now += TWO_DAYS

    assert sweep() == 1
    assert sweep() == 0
    skip_stopped(busy_webhooks(), now=clock())
    send_notices(clock=clock)

    assert Delivery.objects.filter(webhook=webhook).get().state == State.SKIPPED
    webhook.refresh_from_db()
    assert webhook.disabled_at == clock()
    (told,) = Event.objects.filter(type="webhook.disabled")
    assert b'"reason":"NotAcknowledged"' in bytes(told.body)
    (letter,) = mail.outbox
    assert (
        "Reason:   an event that was sent to it was not acknowledged in time"
        in letter.body
    )


def test_of_the_other_profiles_nothing_is_noted(acme, receiver, drain, clock, sweep):
    usual = make_webhook(acme, url=receiver.url())
    receiver.always(500)
    publish_sample(acme)
    drain()

    clock.now += TWO_DAYS
    sweep()

    usual.refresh_from_db()
    assert usual.status == "Active"
    assert Delivery.objects.get().unacknowledged_since is None


def test_one_that_is_stopped_or_gone_is_left_alone(
    acme, profile, receiver, publish, drain, clock, sweep, webhook, stands
):
    receiver.always(500)
    deleted = make_webhook_of(profile, acme, url=receiver.url("/deleted"))
    receiver.always(500, path="/deleted")
    publish()
    drain()
    disable_webhook(webhook.pk, reason="Manual", now=clock())
    delete_webhook(deleted)

    clock.now += TWO_DAYS

    assert sweep() == 0
    assert stands() == ("Disabled", "Manual")


def test_enabling_begins_anew(publish, receiver, drain, clock, sweep, stands, webhook):
    receiver.always(500)
    publish()
    drain()
    clock.now += TWO_DAYS
    sweep()
    webhook.refresh_from_db()

    enable_webhook(webhook)
    sweep()

    assert stands() == HEALTHY
    assert not Delivery.objects.filter(unacknowledged_since__isnull=False).exists()


def test_a_sweep_costs_one_query_for_each_profile_that_asks_for_it(
    acme, profile, clock, sweep, django_assert_num_queries
):
    for _ in range(5):
        make_webhook_of(profile, acme)

    rules = [get_conf().rules(each.name) for each in all_profiles()]
    with django_assert_num_queries(sum(each.patience is not None for each in rules)):
        sweep()


# --- How it stands ------------------------------------------------------------------


def test_how_many_webhooks_stand_is_one_query(
    acme, publish, profile, receiver, drain, clock, webhook, django_assert_num_queries
):
    other = make_webhook_of(profile, acme, url=receiver.url("/other"))
    receiver.script(200, 500)
    receiver.always(404, path="/other")
    publish()
    drain()
    first = clock()
    clock.now += HOUR
    publish()
    drain()
    untouched = make_webhook_of(profile, acme)
    disable_webhook(untouched.pk, reason="Manual", now=clock())

    with django_assert_num_queries(1):
        found = health_of_many([webhook.pk, other.pk, untouched.pk])

    assert found == {
        webhook.pk: Acknowledgement(False, first, clock()),
        other.pk: Acknowledgement(False, None, clock()),
        untouched.pk: Acknowledgement(False, None, None),
    }


# --- Unbreaking ---------------------------------------------------------------------


@pytest.fixture
def broken(publish, receiver, drain, clock, sweep, webhook, acme, profile):
    """A webhook that was stopped; what it missed, and what it had got before."""
    receiver.always(200)
    got = publish()
    drain()
    receiver.always(500)
    failed = publish()
    drain()
    skipped = publish()
    Delivery.objects.filter(event=skipped).update(due_at=clock() + 2 * TWO_DAYS)
    clock.now += TWO_DAYS
    sweep()
    skip_stopped(busy_webhooks(), now=clock())
    meanwhile = publish()
    receiver.always(200)
    receiver.requests.clear()
    webhook.refresh_from_db()
    assert webhook.disabled_reason == "NotAcknowledged"
    return got, [failed, skipped, meanwhile]


def finish_recovery(drain, clock):
    recovery.go_on(rate=0, is_over=lambda: False)
    clock.advance(minutes=1)
    drain()


def test_it_is_active_again_and_gets_what_it_missed_once(
    broken, webhook, receiver, drain, clock, stands
):
    _, missed = broken

    found = unbreak(webhook, origin=DANA, now=timezone.now())
    finish_recovery(drain, clock)

    assert stands() == HEALTHY
    assert (found.matched, found.include_missed, found.created_by) == (3, True, "dana")
    got = [each["X-Alvys-Event-Id"] for each in receiver.events]
    assert sorted(got) == sorted(each.public_id for each in missed)
    assert health_of_many([webhook.pk])[webhook.pk].is_broken is False


def test_what_is_published_while_it_is_unbroken_is_not_missed(
    broken, webhook, receiver, drain, clock
):
    asked_at = timezone.now() - timedelta(seconds=30)

    unbreak(webhook, origin=DANA, now=asked_at)
    finish_recovery(drain, clock)

    got = {each["X-Alvys-Event-Id"] for each in receiver.events}
    meanwhile = broken[1][-1]
    assert meanwhile.created_at > asked_at
    assert meanwhile.public_id in got


def test_it_does_not_break_again_for_what_is_old(
    broken, webhook, receiver, drain, clock, sweep, stands
):
    receiver.always(500)

    unbreak(webhook, origin=DANA, now=timezone.now())
    finish_recovery(drain, clock)
    sweep()
    assert stands() == HEALTHY
    clock.now += TWO_DAYS
    sweep()

    assert stands() == BROKEN


def test_broken_twice_it_is_unbroken_twice(
    broken, webhook, receiver, drain, clock, sweep, stands
):
    _, missed = broken
    receiver.always(500)
    unbreak(webhook, origin=DANA, now=timezone.now())
    finish_recovery(drain, clock)
    clock.now += TWO_DAYS
    sweep()
    skip_stopped(busy_webhooks(), now=clock())
    receiver.always(200)
    receiver.requests.clear()

    unbreak(webhook, origin=DANA, now=timezone.now())
    finish_recovery(drain, clock)

    got = [each["X-Alvys-Event-Id"] for each in receiver.events]
    assert sorted(got) == sorted(each.public_id for each in missed)


def test_a_recovery_that_was_under_way_when_it_broke_is_no_hindrance(
    broken, webhook, clock
):
    Webhook.objects.filter(pk=webhook.pk).update(
        status="Active", disabled_at=None, disabled_reason=""
    )
    first = start_recovery(
        webhook, Order(since=clock() - 3 * TWO_DAYS), created_by="", now=timezone.now()
    )
    disable_webhook(webhook.pk, reason="NotAcknowledged", now=clock())

    second = unbreak(webhook, origin=DANA, now=timezone.now())

    first.refresh_from_db()
    assert (first.status, second.status) == ("cancelled", "running")


def test_on_a_healthy_webhook_it_changes_nothing(webhook, stands):
    before = Webhook.objects.values().get()

    assert unbreak(webhook, origin=DANA, now=timezone.now()) is None

    assert Webhook.objects.values().get() == before
    assert not Recovery.objects.exists()
    assert not AuditEvent.objects.filter(actor_name="dana").exists()


@pytest.mark.parametrize("reason", ["Manual", "Gone"])
def test_what_was_stopped_for_another_reason_stays_stopped(
    webhook, stands, reason, clock
):
    disable_webhook(webhook.pk, reason=reason, now=clock())

    assert unbreak(webhook, origin=DANA, now=timezone.now()) is None

    assert stands() == ("Disabled", reason)


def test_twice_is_once(broken, webhook):
    stale = Webhook.objects.get()

    assert unbreak(webhook, origin=DANA, now=timezone.now()) is not None
    assert unbreak(stale, origin=DANA, now=timezone.now()) is None

    assert Recovery.objects.count() == 1


def test_it_is_written_down(broken, webhook):
    unbreak(webhook, origin=DANA, now=timezone.now())

    acts = AuditEvent.objects.filter(actor_name="dana").order_by("id")
    assert [each.action for each in acts] == [
        Action.WEBHOOK_ENABLED,
        Action.RECOVERY_STARTED,
    ]


def test_others_get_nothing_of_it(
    broken, webhook, profile, receiver, drain, clock, globex
):
    make_webhook_of(profile, globex, url=receiver.url("/globex"))
    publish_in(profile, globex)
    drain()
    receiver.requests.clear()

    unbreak(webhook, origin=DANA, now=timezone.now())
    finish_recovery(drain, clock)

    assert not receiver.events_at("/globex")
    assert len(receiver.events) == 3
