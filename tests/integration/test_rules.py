"""Rules are evaluated against rows, at a time that we set."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from deliveries.models import Delivery, Event, Incident, Notice, NotificationRule
from deliveries.notifications.default_rules import ensure_default_rules
from deliveries.notifications.evaluating import evaluate
from deliveries.notifications.incidents import open_incident
from deliveries.notifications.mailing import GIVEN_UP_AFTER, LEASE, send_notices
from deliveries.notifications.measuring import reading_of
from deliveries.notifications.reading import (
    deliveries_about,
    incident_of,
    open_incidents,
)
from deliveries.notifications.rules import create_rule, delete_rule, update_rule
from subscriptions.models import Subsidiary, User
from tests.builders import make_attempt, make_delivery, make_event, make_webhook

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
STATES = {
    "success": Delivery.State.SUCCEEDED,
    "failed": Delivery.State.FAILED,
    "timeout": Delivery.State.FAILED,
    "skipped": Delivery.State.SKIPPED,
}


@pytest.fixture
def people(acme, globex):
    """Dana and Kim of Acme may get mail; the others must not."""
    for name, tenant, active in (
        ("dana", acme, True),
        ("kim", acme, True),
        ("left", acme, False),
        ("gil", globex, True),
    ):
        address = f"{name}@example.com"
        User.objects.create(
            username=name, email=address, tenant=tenant, is_active=active
        )
    User.objects.create(username="without", tenant=acme)


@pytest.fixture
def rule_of(acme, clock):
    def make(**fields):
        wanted = {
            "tenant": acme,
            "name": "Too many failures",
            "kind": "Count",
            "statuses": ["failed", "timeout"],
            "threshold": 2,
            "window_minutes": 30,
        } | fields
        return create_rule(created_by="dana", now=clock() - 9 * DAY, **wanted)

    return make


@pytest.fixture
def ended(webhook, clock):
    """A delivery that ended so long ago, with this status."""

    def make(status="failed", *, ago=timedelta(), to=None, **event):
        at = clock() - ago
        to = to or webhook
        delivery = make_delivery(
            to,
            event=make_event(to.tenant, created_at=at, **event),
            state=STATES[status],
            created_at=at,
            ended_at=at,
            claim_number=1,
        )
        make_attempt(delivery, status=status, started_at=at)
        return delivery

    return make


@pytest.fixture
def look(clock):
    def evaluate_now():
        return evaluate(clock=clock)

    return evaluate_now


@pytest.fixture
def send(clock):
    def send_now():
        send_notices(clock=clock)
        sent, mail.outbox[:] = [(each.to[0], each.subject) for each in mail.outbox], []
        return sent

    return send_now


def states():
    return [each.state for each in Incident.objects.order_by("pk")]


def triggered():
    events = Event.objects.filter(type="notification.triggered").order_by("pk")
    return [json.loads(bytes(each.body))["data"] for each in events]


# --- What is counted ------------------------------------------------------------------


def value_of(rule, clock):
    return reading_of(rule, now=clock()).value


def test_each_delivery_is_counted_once_by_how_it_ended(rule_of, ended, webhook, clock):
    for status in ("failed", "timeout", "success", "skipped"):
        ended(status)
    twice = ended("failed")
    make_attempt(twice, status="failed", started_at=clock())
    Delivery.objects.filter(pk=twice.pk).update(claim_number=2)
    make_attempt(make_delivery(webhook, claim_number=1), status="failed")

    assert value_of(rule_of(), clock) == 3
    assert value_of(rule_of(statuses=[]), clock) == 5


def test_a_window_has_its_end_and_not_its_beginning(rule_of, ended, clock):
    rule = rule_of()
    ended(ago=30 * MINUTE)
    assert value_of(rule, clock) == 0

    ended(ago=30 * MINUTE - timedelta(microseconds=1))
    ended(ago=timedelta())
    ended(ago=-timedelta(microseconds=1))

    assert value_of(rule, clock) == 2


def test_tests_and_what_we_publish_about_ourselves_are_not_counted(
    rule_of, ended, webhook, clock
):
    for event_type in ("webhook.disabled", "notification.triggered"):
        ended(type=event_type)
    test = make_delivery(
        webhook, is_test=True, state=Delivery.State.FAILED, claim_number=1
    )
    make_attempt(test, status="failed", started_at=clock())

    assert value_of(rule_of(), clock) == 0
    assert value_of(rule_of(statuses=[], metric="Events"), clock) == 1


def test_conditions_narrow_what_is_counted(rule_of, ended, acme, webhook, clock):
    other = make_webhook(acme)
    ended(data={"status": "Denied", "n": 1})
    ended(data={"status": "Approved", "n": True})
    ended(to=other, type="tender.updated", data={"status": "Denied"})

    assert value_of(rule_of(webhook=webhook), clock) == 2
    assert value_of(rule_of(event_types=["tender.updated"]), clock) == 1
    assert value_of(rule_of(payload={"data.status": ["Denied"]}), clock) == 2
    assert value_of(rule_of(payload={"data.n": [1]}), clock) == 1
    assert value_of(rule_of(payload={"data.status.deep": ["x"]}), clock) == 0
    assert value_of(rule_of(error_kinds=["tls"]), clock) == 0


def test_a_subsidiary_counts_its_own(rule_of, ended, acme, clock):
    plant = Subsidiary.objects.create(tenant=acme, code="PLANT", name="Plant")
    hers = make_webhook(acme, subsidiary=plant)
    ended()
    ended(to=hers, subsidiary=plant)

    assert value_of(rule_of(subsidiary=plant), clock) == 1
    events = rule_of(subsidiary=plant, metric="Events", statuses=[])
    assert value_of(events, clock) == 1


def test_another_tenants_rows_are_not_counted(rule_of, ended, globex, clock):
    theirs = make_webhook(globex)
    ended(to=theirs)
    make_delivery(theirs, created_at=clock() - HOUR)

    assert value_of(rule_of(), clock) == 0
    events = rule_of(metric="Events", statuses=[])
    assert value_of(events, clock) == 0
    waiting = rule_of(kind="OldestWaiting", statuses=[], threshold=5)
    assert value_of(waiting, clock) is None
    gap = rule_of(kind="DeliveryGap", statuses=[], threshold=5, window_minutes=120)
    assert value_of(gap, clock) == 0


# --- Percent --------------------------------------------------------------------------


def test_a_percentage_of_too_few_says_nothing(rule_of, ended, look, clock):
    rule = rule_of(kind="Percent", threshold=50, minimum_volume=4)
    for status in ("failed", "failed", "failed"):
        ended(status)
    assert value_of(rule, clock) is None
    look()
    assert states() == []

    ended("success")

    assert value_of(rule, clock) == 75
    clock.advance(minutes=1)
    look()
    assert states() == ["open"]


def test_a_percentage_of_events(rule_of, acme, clock):
    for event_type in ("tender.created", "tender.created", "tender.updated"):
        make_event(acme, type=event_type, created_at=clock())

    rule = rule_of(
        kind="Percent", metric="Events", statuses=[], event_types=["tender.updated"]
    )

    assert value_of(rule, clock) == pytest.approx(100 / 3)


# --- Percent change -------------------------------------------------------------------


def change(rule_of, **fields):
    return rule_of(kind="PercentChange", threshold=50, **fields)


def test_a_change_against_the_window_before(rule_of, ended, clock):
    rule = change(rule_of)
    for ago in (0, 10, 20, 30, 40):
        ended(ago=ago * MINUTE)
    assert value_of(rule, clock) is None

    ended("success", ago=2 * HOUR)

    assert value_of(rule, clock) == 50


def test_nothing_before_is_nothing_to_compare_with(rule_of, ended, clock):
    rule = change(rule_of)
    ended("success", ago=2 * HOUR)
    ended()

    assert value_of(rule, clock) is None


def test_a_change_against_the_median_of_the_days_before(rule_of, ended, clock):
    rule = change(rule_of, baseline="MedianOfSevenDays")
    ended("success", ago=8 * DAY)
    for days, count in ((1, 2), (2, 4), (3, 2), (4, 100), (5, 2), (6, 0), (7, 4)):
        for _ in range(count if count < 100 else 9):
            ended(ago=days * DAY)
    for _ in range(3):
        ended()

    # Of 2, 4, 2, 9, 2, 0 and 4 the median is 2.
    assert value_of(rule, clock) == 50


@pytest.mark.parametrize(("known", "value"), [(2, None), (3, 200)])
def test_days_before_there_was_anything_are_not_days_without(
    rule_of, ended, clock, known, value
):
    rule = change(rule_of, baseline="MedianOfSevenDays")
    ended("success", ago=known * DAY + HOUR)
    for days in range(1, known + 1):
        ended(ago=days * DAY)
    for _ in range(3):
        ended()

    assert value_of(rule, clock) == value


def test_fewer_than_usual_is_a_drop(rule_of, acme, clock, look):
    rule = change(
        rule_of,
        metric="Events",
        statuses=[],
        comparison="AtMost",
        minimum_volume=4,
    )
    NotificationRule.objects.filter(pk=rule.pk).update(threshold=-50)
    for ago in (31, 32, 33, 34, 100, 10):
        make_event(acme, created_at=clock() - ago * MINUTE)

    look()

    assert Incident.objects.get().value == -75


# --- Ready-made kinds -----------------------------------------------------------------


def test_no_success_for_hours(rule_of, ended, clock):
    rule = rule_of(kind="NoSuccessFor", statuses=[], window_minutes=180)
    assert not reading_of(rule, now=clock()).hits

    ended("skipped")
    assert not reading_of(rule, now=clock()).hits

    ended("failed", ago=2 * HOUR)
    assert reading_of(rule, now=clock()).hits

    ended("success", ago=HOUR)
    assert not reading_of(rule, now=clock()).hits


def test_the_oldest_that_waits(rule_of, webhook, clock):
    rule = rule_of(kind="OldestWaiting", statuses=[], threshold=10)
    make_delivery(webhook, created_at=clock() - 9 * MINUTE)
    assert not reading_of(rule, now=clock()).hits

    clock.advance(minutes=1)

    reading = reading_of(rule, now=clock())
    assert (reading.value, reading.hits) == (10, True)


def test_a_gap_is_what_should_have_arrived(rule_of, webhook, ended, clock):
    rule = rule_of(kind="DeliveryGap", statuses=[], threshold=10)
    make_delivery(webhook, created_at=clock() - 9 * MINUTE)
    ended("success", ago=15 * MINUTE)
    assert reading_of(rule, now=clock()).value == 0

    late = make_delivery(webhook, created_at=clock() - 10 * MINUTE)
    lost = ended("failed", ago=20 * MINUTE)

    reading = reading_of(rule, now=clock())
    assert (reading.value, reading.hits) == (2, True)
    with transaction.atomic():
        incident = open_incident(rule, reading, now=clock())
    assert set(deliveries_about(incident)) == {late, lost}


# --- The course of an incident --------------------------------------------------------


def test_people_are_told_once_and_once_more_when_it_is_over(
    rule_of, ended, look, send, people, clock
):
    rule_of()
    for _ in range(2):
        ended()
    for _ in range(3):
        look()
        clock.advance(minutes=1)
    assert send() == [
        ("dana@example.com", "Alert: Too many failures"),
        ("kim@example.com", "Alert: Too many failures"),
    ]
    assert send() == []

    clock.advance(minutes=30)
    look()
    assert states() == ["open"]
    clock.advance(minutes=1)
    look()

    assert states() == ["resolved"]
    assert [subject for _, subject in send()] == ["Resolved: Too many failures"] * 2
    clock.advance(minutes=1)
    look()
    assert send() == []
    assert [each["state"] for each in triggered()] == ["open", "resolved"]


def test_one_evaluation_that_sees_nothing_does_not_end_it(rule_of, ended, look, clock):
    rule_of(threshold=1)
    ended()
    look()
    clock.advance(minutes=31)
    look()
    assert Incident.objects.get().clear_since == clock()

    ended()
    clock.advance(minutes=1)
    look()
    clock.advance(minutes=30)
    look()

    incident = Incident.objects.get()
    assert (incident.state, incident.clear_since) == ("open", clock())


def test_what_comes_and_goes_is_told_once_per_window(rule_of, look, clock, webhook):
    rule_of(kind="OldestWaiting", statuses=[], threshold=1, window_minutes=30)
    for _ in range(10):
        late = make_delivery(webhook, created_at=clock() - HOUR)
        look()
        late.delete()
        for _ in range(2):
            clock.advance(minutes=1)
            look()
        clock.advance(minutes=1)

    assert states() == ["resolved"]
    make_delivery(webhook, created_at=clock() - HOUR)
    look()
    assert states() == ["resolved", "open"]


def test_a_rule_may_repeat_itself_each_window(
    rule_of, look, send, people, webhook, clock
):
    rule_of(kind="OldestWaiting", statuses=[], threshold=1, repeats_each_window=True)
    make_delivery(webhook, created_at=clock() - HOUR)
    look()
    send()

    clock.advance(minutes=29)
    look()
    assert send() == []
    clock.advance(minutes=1)
    look()

    assert {subject for _, subject in send()} == {"Still open: Too many failures"}
    assert states() == ["open"]


def test_a_rule_is_evaluated_once_a_minute_however_many_evaluate(rule_of, look, clock):
    rule_of()

    assert [look(), look()] == [1, 0]
    clock.advance(minutes=1)
    assert [look(), look()] == [1, 0]


def test_a_clock_that_was_put_back_stops_nothing_and_tells_nothing_twice(
    rule_of, ended, look, clock
):
    rule_of(threshold=1)
    for days in (0, 3):
        ended(ago=days * DAY)
    look()
    assert states() == ["open"]

    clock.advance(days=-3)

    assert look() == 1
    assert states() == ["open"]


def test_after_a_gap_evaluation_goes_on_where_it_is(rule_of, ended, look, clock):
    rule_of(threshold=1)
    look()
    clock.advance(hours=6)
    ended(ago=29 * MINUTE)

    assert look() == 1
    assert states() == ["open"]


def test_a_rule_that_fails_stops_no_other(rule_of, ended, look, acme, caplog):
    bad = rule_of(payload={"data.x": [1]})
    good = rule_of(threshold=1)
    ended(body=b"not json")

    assert look() == 2

    assert Incident.objects.get().rule == good
    (line,) = [each for each in caplog.records if each.message == "rule.failed"]
    assert (line.rule, line.levelno) == (bad.public_id, logging.ERROR)


def test_a_rule_that_is_switched_off_is_not_evaluated(rule_of, ended, look):
    rule_of(threshold=1, is_enabled=False)
    ended()

    assert look() == 0
    assert states() == []


# --- Changed or deleted while it is open ----------------------------------------------


def test_a_changed_rule_begins_anew(rule_of, ended, look, clock):
    rule = rule_of(threshold=1)
    ended()
    look()

    update_rule(rule, changes={"threshold": 5}, updated_by="kim", now=clock())

    (incident,) = Incident.objects.all()
    assert (incident.state, incident.resolution) == (
        "resolved",
        "The rule was changed.",
    )
    clock.advance(minutes=1)
    look()
    assert states() == ["resolved"]
    update_rule(rule, changes={"threshold": 1}, updated_by="kim", now=clock())
    look()
    assert states() == ["resolved", "open"]


def test_a_deleted_rule_is_over(rule_of, ended, look, send, people, clock, acme):
    rule = rule_of(threshold=1)
    ended()
    look()
    send()

    delete_rule(rule, now=clock())

    assert Incident.objects.get().resolution == "The rule was deleted."
    assert {subject for _, subject in send()} == {"Resolved: Too many failures"}
    clock.advance(minutes=1)
    assert look() == 0
    assert not NotificationRule.objects.of(acme).filter(kind="Count").exists()


def test_a_number_of_the_rule_before_it_was_changed_opens_nothing(
    rule_of, ended, clock, look
):
    rule = rule_of(threshold=1)
    ended()
    NotificationRule.objects.filter(pk=rule.pk).update(revision=2)
    rule.refresh_from_db()
    rule.revision = 1

    from deliveries.notifications.evaluating import _act_on

    _act_on(rule, reading_of(rule, now=clock()), now=clock())

    assert states() == []


# --- Mail, at least once and normally once --------------------------------------------


def opened(rule_of, ended, look):
    rule_of(threshold=1)
    ended()
    look()


def test_a_mail_that_was_not_confirmed_is_sent_again_after_its_lease(
    rule_of, ended, look, send, people, clock
):
    opened(rule_of, ended, look)
    Notice.objects.update(leased_until=clock() + LEASE)
    assert send() == []

    clock.advance(seconds=LEASE.total_seconds())

    assert len(send()) == 2
    assert send() == []


def test_a_lease_of_a_wrong_clock_keeps_no_mail_for_ever(
    rule_of, ended, look, send, people, clock
):
    opened(rule_of, ended, look)
    Notice.objects.update(leased_until=clock() + DAY)

    assert len(send()) == 2


def test_a_mail_server_that_is_away_is_asked_again(
    rule_of, ended, look, send, people, clock, settings, caplog
):
    opened(rule_of, ended, look)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert send() == []
    (line, _) = [each for each in caplog.records if each.message == "mail.failed"]
    assert line.reason == "ConnectionRefusedError"

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    clock.advance(minutes=5)

    assert len(send()) == 2


def test_an_alarm_of_yesterday_is_not_sent(rule_of, ended, look, send, people, clock):
    opened(rule_of, ended, look)
    clock.advance(seconds=GIVEN_UP_AFTER.total_seconds() + 1)

    assert send() == []

    assert not Notice.objects.filter(ended_at=None).exists()
    assert not Notice.objects.exclude(mailed_at=None).exists()


def test_who_left_meanwhile_is_not_told(rule_of, ended, look, send, people):
    opened(rule_of, ended, look)
    User.objects.filter(username="kim").update(is_active=False)

    assert [to for to, _ in send()] == ["dana@example.com"]


def test_only_those_named_are_told(rule_of, ended, look, send, people):
    rule_of(threshold=1, recipients=[User.objects.get(username="kim")])
    ended()
    look()

    assert [to for to, _ in send()] == ["kim@example.com"]


def test_a_mail_says_what_it_is_about_in_text_and_html(
    rule_of, ended, look, people, clock, settings
):
    settings.WEBHOOKS_SITE_URL = "https://hooks.example.com/"
    rule = rule_of(threshold=1, name="<b>Too many & more</b>")
    ended()
    look()

    send_notices(clock=clock)

    letter = mail.outbox[0]
    (html,) = [part.content for part in letter.alternatives]
    link = f"https://hooks.example.com/admin/incidents/{Incident.objects.get().token}/"
    assert letter.subject == "Alert: <b>Too many & more</b>"
    assert (
        "1 deliveries match within 30 minutes; the rule says at least 1." in letter.body
    )
    assert "<b>Too many & more</b>" in letter.body
    assert "&lt;b&gt;Too many &amp; more&lt;/b&gt;" in html
    assert link in letter.body
    assert link in html
    assert rule.public_id in letter.body


# --- Once -----------------------------------------------------------------------------


def test_the_database_refuses_a_second_open_incident(rule_of, ended, look):
    opened(rule_of, ended, look)
    first = Incident.objects.get()

    first.pk = None
    with transaction.atomic(), pytest.raises(IntegrityError):
        Incident.objects.create(
            rule=first.rule,
            value=1,
            threshold=1,
            since=first.since,
            until=first.until,
            token="another",
            message="",
            opened_at=first.opened_at,
            told_at=first.told_at,
        )


def test_who_comes_second_opens_nothing(rule_of, ended, look, clock):
    opened(rule_of, ended, look)
    rule = Incident.objects.get().rule
    events = len(triggered())

    with transaction.atomic():
        again = open_incident(rule, reading_of(rule, now=clock()), now=clock())

    assert again is None
    assert states() == ["open"]
    assert len(triggered()) == events


# --- What is told to programs, and to pages -------------------------------------------


def test_an_incident_is_an_event_for_whoever_subscribed(
    rule_of, ended, look, acme, globex, clock
):
    ours = make_webhook(acme, events=["notification.triggered"])
    make_webhook(globex, events=["notification.triggered"])
    rule = rule_of(threshold=1)
    ended()

    look()

    incident = Incident.objects.get()
    event = Event.objects.get(type="notification.triggered")
    assert list(event.deliveries.values_list("webhook", flat=True)) == [ours.pk]
    assert triggered() == [
        {
            "ruleId": rule.public_id,
            "ruleName": "Too many failures",
            "incidentId": incident.public_id,
            "state": "open",
            "value": 1.0,
            "threshold": 1.0,
            "window": {
                "since": (clock() - 30 * MINUTE).isoformat(),
                "until": clock().isoformat(),
            },
            "token": incident.token,
            "link": f"http://localhost:8000/admin/incidents/{incident.token}/",
        }
    ]


def test_a_token_opens_its_incident_for_its_tenant_alone(
    rule_of, ended, look, acme, globex
):
    rule_of(threshold=1)
    failed = ended()
    ended("success")
    look()
    incident = Incident.objects.get()

    assert incident_of(incident.token, acme) == incident
    assert list(deliveries_about(incident)) == [failed]
    assert incident_of(incident.token, globex) is None
    assert incident_of("made-up", acme) is None
    assert list(open_incidents(acme)) == [incident]
    assert list(open_incidents(globex)) == []


# --- Default rules --------------------------------------------------------------------


def test_every_tenant_has_the_default_rules_once(acme, globex, clock, look):
    for _ in range(2):
        look()
        clock.advance(minutes=1)

    rules = NotificationRule.objects.order_by("tenant__company_code", "kind")
    assert list(rules.values_list("tenant__company_code", "kind")) == [
        ("ACME", "FirstFailure"),
        ("ACME", "WebhookDisabled"),
        ("GLOBEX", "FirstFailure"),
        ("GLOBEX", "WebhookDisabled"),
    ]


def test_a_default_rule_that_was_deleted_does_not_come_back(acme, clock):
    ensure_default_rules(now=clock())
    for rule in NotificationRule.objects.of(acme):
        delete_rule(rule, now=clock())

    ensure_default_rules(now=clock(), tenant=acme)

    assert not NotificationRule.objects.of(acme).exists()
