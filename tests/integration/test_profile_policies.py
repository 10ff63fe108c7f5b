"""The engine follows the policy of each webhook's profile, whatever its name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from deliveries.conf import MARGIN, get_conf
from deliveries.engine.acknowledging import stop_overdue
from deliveries.engine.backlog import busy_webhooks
from deliveries.engine.healing import heal
from deliveries.models import Attempt, Delivery, WebhookHealth
from deliveries.webhook_tests import publish_test
from subscriptions.models import Webhook
from subscriptions.profiles import AttemptsInARow, Retried, registry
from subscriptions.webhooks import (
    NothingToVerify,
    disable_webhook,
    enable_webhook,
    request_verification,
    update_webhook,
)
from tests.builders import make_delivery, make_webhook, publish_sample
from tests.profiles import DELAYS, make_profile, make_webhook_of, publish_in
from tests.receiver import Answer

State = Delivery.State
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PATIENT = {"retried": Retried.EVERYTHING, "delays": DELAYS}


@pytest.fixture
def at_receiver(acme, receiver, speak):
    """A profile of that policy, and an active webhook of Acme's at the receiver."""

    def make(**policy):
        profile = speak(make_profile("post", **policy))
        return profile, make_webhook_of(profile, acme, url=receiver.url())

    return make


def numbers():
    return [(each.number, each.status) for each in Attempt.objects.order_by("id")]


# --- Time-out -----------------------------------------------------------------------


def test_each_profile_has_its_own_time_out(acme, at_receiver, receiver, drain):
    profile, _ = at_receiver(timeout=timedelta(seconds=0.3))
    make_webhook(acme, url=receiver.url("/other"))
    receiver.script(Answer(hangs=True))
    receiver.script(Answer(delay=0.5), path="/other")
    publish_in(profile, acme)
    publish_sample(acme)

    drain()

    found = dict(Attempt.objects.values_list("event_type", "error_message"))
    assert found == {"post.sent": "No answer within 0.3 seconds.", "tender.created": ""}


def test_a_lease_outlasts_the_time_out_of_its_profile(acme, speak, claim_due, clock):
    slow = speak(make_profile("slow", timeout=timedelta(minutes=2)))
    ids = [
        make_delivery(make_webhook(acme)).pk,
        make_delivery(make_webhook_of(slow, acme)).pk,
    ]

    claim_due(lease_of=get_conf().lease)

    due = Delivery.objects.in_bulk(ids)
    assert [due[pk].due_at - clock() for pk in ids] == [
        timedelta(seconds=30) + MARGIN,
        timedelta(minutes=2) + MARGIN,
    ]


def test_what_was_interrupted_began_when_it_was_claimed(acme, speak, claim_due, clock):
    slow = speak(make_profile("slow", timeout=timedelta(minutes=2)))
    make_delivery(make_webhook_of(slow, acme))
    claimed_at = clock()
    claim_due(lease_of=get_conf().lease)
    clock.advance(minutes=3)

    claim_due(lease_of=get_conf().lease)

    assert Attempt.objects.get().started_at == claimed_at


def test_a_time_out_that_no_task_can_wait_for_stops_the_start(speak):
    speak(make_profile("slow", timeout=timedelta(seconds=90)))

    with pytest.raises(SystemCheckError, match=r"deliveries\.E001"):
        call_command("check")


# --- What counts as received --------------------------------------------------------


def test_where_only_200_counts_another_success_is_a_failure(
    acme, at_receiver, receiver, drain
):
    profile, _ = at_receiver(success=frozenset({200}), retried=Retried.EVERYTHING)
    receiver.script(204, 200)
    publish_in(profile, acme)

    drain()

    assert Delivery.objects.get().state == State.PENDING
    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.status_code) == ("failed", 204)
    assert attempt.error_message == "The answer had status 204."


@pytest.mark.parametrize("status", [302, 404, 410, 503])
def test_where_everything_is_retried_any_answer_is(
    acme, at_receiver, receiver, drain, clock, status
):
    profile, webhook = at_receiver(**PATIENT, stops_when_gone=False)
    receiver.script(status, 200)
    publish_in(profile, acme)

    drain()
    clock.advance(seconds=1)
    drain()

    assert numbers() == [(1, "failed"), (2, "success")]
    webhook.refresh_from_db()
    assert webhook.status == "Active"


def test_410_stops_at_once_where_the_profile_says_so(
    acme, at_receiver, receiver, drain
):
    profile, webhook = at_receiver(**PATIENT)
    receiver.script(410)
    publish_in(profile, acme)

    drain()

    webhook.refresh_from_db()
    assert (webhook.status, webhook.disabled_reason) == ("Disabled", "Gone")


# --- Retries ------------------------------------------------------------------------


def test_ten_attempts_in_a_day(acme, at_receiver, receiver, drain, clock):
    profile, _ = at_receiver(**PATIENT)
    receiver.always(500)
    publish_in(profile, acme)

    drain()
    for delay in DELAYS:
        clock.now += delay - timedelta(milliseconds=1)
        drain()
        clock.now += timedelta(milliseconds=1)
        drain()

    told = [each["X-Alvys-Attempt"] for each in receiver.events]
    assert told == [str(number) for number in range(1, 11)]
    started = Attempt.objects.order_by("id").values_list("started_at", flat=True)
    first, *later = started
    elapsed = [sum(DELAYS[:count], timedelta()) for count in range(1, 10)]
    assert [each - first for each in later] == elapsed
    assert Delivery.objects.get().state == State.FAILED


def test_delays_of_other_profiles_can_be_shortened_for_trials(
    acme, at_receiver, receiver, drain, clock, settings
):
    settings.WEBHOOKS_DELAY_SCALE = 0.01
    profile, _ = at_receiver(**PATIENT)
    make_webhook(acme, url=receiver.url())
    receiver.always(500)
    publish_in(profile, acme)
    publish_sample(acme)

    drain()

    due = Delivery.objects.values_list("event__type", "due_at")
    assert {name: at - clock() for name, at in due} == {
        "post.sent": timedelta(seconds=0.01),
        "tender.created": timedelta(seconds=10),
    }


@pytest.mark.parametrize("scale", [0, -1, 1.5])
def test_a_scale_that_shortens_nothing_stops_the_start(settings, scale):
    settings.WEBHOOKS_DELAY_SCALE = scale

    with pytest.raises(SystemCheckError, match=r"deliveries\.E011"):
        call_command("check")


def test_retry_after_is_respected_in_every_profile(
    acme, at_receiver, receiver, drain, clock
):
    profile, _ = at_receiver(**PATIENT)
    receiver.script(Answer(503, {"Retry-After": "120"}))
    publish_in(profile, acme)

    drain()

    assert Delivery.objects.get().due_at == clock() + timedelta(minutes=2)


def test_a_retry_of_tomorrow_is_no_lie_of_the_clock(acme, speak, clock):
    profile = speak(make_profile("post", **PATIENT))
    tomorrow = clock() + 12 * HOUR
    patient = make_delivery(make_webhook_of(profile, acme), due_at=tomorrow)
    usual = make_delivery(make_webhook(acme), due_at=clock() + HOUR)

    heal(get_conf(), now=clock())

    for each in (patient, usual):
        each.refresh_from_db()
    assert (patient.due_at, usual.due_at) == (tomorrow, clock())


def test_what_a_profile_never_plans_is_pulled_back(acme, speak, clock):
    profile = speak(make_profile("post", **PATIENT))
    lost = make_delivery(make_webhook_of(profile, acme), due_at=clock() + 13 * HOUR)

    heal(get_conf(), now=clock())

    lost.refresh_from_db()
    assert lost.due_at == clock()


# --- A hundred attempts in a row ----------------------------------------------------

HUNDRED = {"stop_rule": AttemptsInARow(100, within=72 * HOUR), **PATIENT}


@pytest.fixture
def stands():
    def state(webhook):
        webhook.refresh_from_db()
        count = WebhookHealth.objects.get(webhook=webhook).consecutive_failures
        return webhook.status, webhook.disabled_reason, count

    return state


def test_the_hundredth_failed_attempt_in_a_row_stops_it(
    acme, at_receiver, receiver, drain, clock, stands
):
    profile, webhook = at_receiver(**HUNDRED)
    receiver.always(400)
    for _ in range(33):
        publish_in(profile, acme)

    drain()
    for delay in DELAYS[:2]:
        clock.now += delay
        drain()
    assert stands(webhook) == ("Active", "", 99)
    publish_in(profile, acme)
    drain()

    assert stands(webhook) == ("Disabled", "ConsecutiveFailures", 100)


def test_a_success_and_only_that_begins_the_count_anew(
    acme, at_receiver, receiver, drain, stands
):
    profile, webhook = at_receiver(**HUNDRED)
    receiver.script(*[400] * 5, 200, *[400] * 2)

    for _ in range(8):
        publish_in(profile, acme)
        drain()
    publish_test(webhook, event_type="webhook.test")
    drain()

    assert stands(webhook) == ("Active", "", 2)


@pytest.mark.parametrize(
    ("later", "stands_then"),
    [
        (72 * HOUR, ("Disabled", "ConsecutiveFailures", 3)),
        (72 * HOUR + timedelta(seconds=1), ("Active", "", 2)),
    ],
)
def test_failures_that_are_older_than_the_rule_do_not_count(
    acme, at_receiver, receiver, drain, clock, stands, later, stands_then
):
    rule = AttemptsInARow(3, within=72 * HOUR)
    profile, webhook = at_receiver(stop_rule=rule)
    receiver.always(400)

    for wait in (timedelta(), HOUR, later - HOUR):
        clock.now += wait
        publish_in(profile, acme)
        drain()

    assert stands(webhook) == stands_then


def test_attempts_that_our_worker_did_not_survive_do_not_count(
    acme, at_receiver, receiver, drain, clock, claim_due, stands
):
    profile, webhook = at_receiver(**HUNDRED)
    receiver.always(400)
    publish_in(profile, acme)
    claim_due()
    clock.advance(minutes=2)

    drain()

    assert numbers() == [(1, "failed"), (1, "failed")]
    assert stands(webhook) == ("Active", "", 1)


def test_enabling_begins_the_count_anew(acme, at_receiver, receiver, drain, stands):
    rule = AttemptsInARow(2, within=HOUR)
    profile, webhook = at_receiver(stop_rule=rule)
    receiver.always(400)
    for _ in range(2):
        publish_in(profile, acme)
    drain()
    assert stands(webhook) == ("Disabled", "ConsecutiveFailures", 2)

    enable_webhook(webhook)
    assert stands(webhook) == ("Active", "", 0)
    publish_in(profile, acme)
    drain()

    assert stands(webhook) == ("Active", "", 1)


def test_enabling_what_is_active_forgets_nothing(
    acme, at_receiver, receiver, drain, stands
):
    profile, webhook = at_receiver(**HUNDRED)
    receiver.always(400)
    publish_in(profile, acme)
    drain()
    webhook.refresh_from_db()

    enable_webhook(webhook)

    assert stands(webhook) == ("Active", "", 1)


# --- First attempts before retries --------------------------------------------------

URGENT = {"firsts_before_retries": True, **PATIENT}


def entities(receiver):
    return [each.json["content"]["letter"] for each in receiver.events]


def test_first_attempts_go_before_retries(
    acme, at_receiver, receiver, drain, clock, settings
):
    # One after the other, so that the receiver sees the order.
    settings.WEBHOOKS_IN_FLIGHT_PER_WEBHOOK = 1
    profile, _ = at_receiver(**URGENT)
    receiver.script(500, 500)
    for letter in ("old-1", "old-2"):
        publish_in(profile, acme, data={"letter": letter})
    drain()
    clock.advance(seconds=1)
    for letter in ("new-1", "new-2"):
        publish_in(profile, acme, data={"letter": letter})
    Delivery.objects.filter(attempts_made=0).update(due_at=clock())
    receiver.requests.clear()

    drain()

    assert entities(receiver) == ["new-1", "new-2", "old-1", "old-2"]


def test_a_long_backlog_of_retries_is_passed(acme, speak, claim_due, clock):
    profile = speak(make_profile("post", **URGENT))
    webhook = make_webhook_of(profile, acme)
    earlier = clock() - MINUTE
    for _ in range(60):
        make_delivery(webhook, attempts_made=1, retries_yield=True, due_at=earlier)
    new = [make_delivery(webhook, retries_yield=True, due_at=clock()) for _ in "ab"]
    replay = make_delivery(webhook, is_replay=True, due_at=earlier)

    first = claim_due(per_webhook=3)
    rest = claim_due(per_webhook=100)

    assert [each.delivery_id for each in first[:2]] == [each.pk for each in new]
    assert first[2].attempts_made == 1
    assert rest[-1].delivery_id == replay.pk


def test_elsewhere_what_is_due_first_goes_first(acme, webhook, claim_due, clock):
    retry = make_delivery(webhook, attempts_made=1, due_at=clock() - MINUTE)
    new = make_delivery(webhook, due_at=clock())

    claimed = claim_due()

    assert [each.delivery_id for each in claimed] == [retry.pk, new.pk]


@pytest.mark.parametrize("urgent", [True, False])
def test_each_delivery_knows_whether_its_retries_yield(acme, speak, urgent):
    profile = speak(make_profile("post", firsts_before_retries=urgent))
    make_webhook_of(profile, acme)

    publish_in(profile, acme)

    assert Delivery.objects.get().retries_yield is urgent


@pytest.mark.parametrize(("ordered", "key"), [(True, "T-1"), (False, "")])
def test_order_per_entity_is_the_profiles_choice(acme, speak, ordered, key):
    profile = speak(make_profile("post", ordered_per_entity=ordered))
    make_webhook_of(profile, acme)

    publish_in(profile, acme, entity_id="T-1")

    assert Delivery.objects.get().order_key == key


# --- Without a handshake ------------------------------------------------------------


def test_without_a_handshake_nothing_is_asked_of_the_receiver(
    acme, at_receiver, receiver, drain
):
    _, webhook = at_receiver()
    disable_webhook(webhook.pk, reason="Manual", now=webhook.created_at)
    enable_webhook(webhook)
    update_webhook(webhook, changes={"url": receiver.url("/new")}, updated_by="dana")

    drain()

    webhook.refresh_from_db()
    assert (webhook.status, webhook.url) == ("Active", receiver.url("/new"))
    assert (webhook.disabled_at, webhook.disabled_reason) == (None, "")
    assert (webhook.verified_at, webhook.verification_error) == (None, "")
    assert not receiver.requests


def test_a_new_url_leaves_a_stopped_webhook_stopped(acme, at_receiver, receiver):
    _, webhook = at_receiver()
    disable_webhook(webhook.pk, reason="Manual", now=webhook.created_at)

    update_webhook(webhook, changes={"url": receiver.url("/new")}, updated_by="dana")

    webhook.refresh_from_db()
    assert (webhook.status, webhook.disabled_reason) == ("Disabled", "Manual")


def test_there_is_nothing_to_verify(at_receiver):
    _, webhook = at_receiver()
    before = Webhook.objects.values().get()

    with pytest.raises(
        NothingToVerify, match=r"^The profile post does not verify URLs of webhooks\.$"
    ):
        request_verification(webhook)

    assert Webhook.objects.values().get() == before


def test_a_test_arrives_in_the_profiles_own_form(at_receiver, receiver, drain):
    _, webhook = at_receiver()
    publish_test(webhook, event_type="post.sent")

    drain()

    assert receiver.events[0].json["kind"] == "post.sent"


# --- A profile that is not known here -----------------------------------------------


def test_what_speaks_an_unknown_dialect_waits_and_delays_nobody(
    acme, webhook, speak, claim_due, clock
):
    profile = speak(make_profile("post"))
    make_delivery(make_webhook_of(profile, acme))
    known = make_delivery(webhook)
    del registry._PROFILES["post"]

    claimed = claim_due()
    stop_overdue(get_conf(), now=clock())

    assert [each.delivery_id for each in claimed] == [known.pk]
    registry._PROFILES["post"] = profile
    assert len(busy_webhooks()) == 2
