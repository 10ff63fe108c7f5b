"""Recovering from the pages: the number first, then progress, and a way to cancel."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from deliveries.models import Delivery, Recovery
from deliveries.recovery import go_on
from subscriptions.models import AuditEvent
from tests.builders import make_event, make_recovery, make_webhook
from tests.pages.delivery_cast import browser_of, delivered, failed, page

State = Delivery.State
HTMX = {"HX-Request": "true"}


@pytest.fixture
def dana(acme):
    return browser_of(acme)


@pytest.fixture
def now():
    return timezone.now()


def asked(browser, webhook, headers=None, **query):
    return browser.get(page("webhook_recover", webhook), query, headers=headers)


def recover(browser, webhook, **form):
    return browser.post(page("webhook_recover", webhook), form)


def told(response):
    return [str(each) for each in get_messages(response.wsgi_request)]


def outage(webhook, now):
    """Failed 30 min, 3 h, 10 h and 40 h ago; one of them has arrived since."""
    for hours in (0.5, 3, 10, 40):
        failed(webhook, now - timedelta(hours=hours))
    later = failed(webhook, now - timedelta(hours=2))
    delivered(webhook, now, event=later.event, is_replay=True)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 3),
        ({"since": "1h"}, 1),
        ({"since": "6h"}, 2),
        ({"since": "24h"}, 3),
        ({"since": "first"}, 4),
    ],
)
def test_it_says_how_many_before_anything_is_sent(dana, webhook, now, query, count):
    outage(webhook, now)

    response = asked(dana, webhook, **query)

    assert response.context["matched"] == count
    noun = "delivery" if count == 1 else "deliveries"
    html = response.content.decode()
    assert f"{count} {noun} will be sent again</strong>, at most 5 per second." in html
    assert not Recovery.objects.exists()


def test_since_an_exact_time(dana, webhook, now):
    outage(webhook, now)
    at = f"{now - timedelta(hours=20):%Y-%m-%dT%H:%M}"

    assert asked(dana, webhook, since="exact", at=at).context["matched"] == 3


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("", "Say since when."),
        ("2999-01-01T00:00", "This time is still to come."),
        ("soon", "Enter a valid date/time."),
    ],
)
def test_a_time_that_makes_no_sense_is_refused(dana, webhook, now, at, sentence):
    outage(webhook, now)

    response = recover(dana, webhook, since="exact", at=at)

    assert sentence in response.content.decode()
    assert response.context["matched"] is None
    assert not Recovery.objects.exists()


def test_the_count_alone_comes_to_a_page_that_is_open(dana, webhook, now):
    outage(webhook, now)

    html = asked(dana, webhook, HTMX, count="1", since="1h").content.decode()

    assert html.lstrip().startswith('<div id="recover-count"')
    assert "1 delivery will be sent again" in html


def test_nothing_to_send_again_says_so(dana, webhook):
    html = asked(dana, webhook).content.decode()

    assert "Nothing to send again: nothing has failed since then." in html


def test_it_sends_exactly_what_it_counted(dana, webhook, now):
    outage(webhook, now)

    response = recover(dana, webhook, since="6h")
    go_on(rate=0, is_over=lambda: False)

    recovery = Recovery.objects.get()
    assert response.url == page("webhook_recovery", webhook, recovery)
    assert (recovery.matched, recovery.created_by) == (2, "dana")
    assert Delivery.objects.filter(recovery=recovery).count() == 2
    event = AuditEvent.objects.get(action="recovery.started")
    assert (event.actor_name, event.object_id) == ("dana", recovery.public_id)


def test_missed_events_come_along_when_asked_for(dana, acme, webhook, now):
    make_event(acme, created_at=now - timedelta(minutes=5))

    without = asked(dana, webhook, since="1h").context["matched"]
    with_them = asked(dana, webhook, since="1h", missed="on").context["matched"]
    recover(dana, webhook, since="1h", missed="on")

    assert (without, with_them) == (0, 1)
    assert Recovery.objects.get().include_missed


def test_the_second_click_starts_no_second_one(dana, webhook, now):
    outage(webhook, now)

    recover(dana, webhook, since="24h")
    response = recover(dana, webhook, since="24h")

    recovery = Recovery.objects.get()
    assert response.url == page("webhook_recovery", webhook, recovery)
    assert told(response) == ["A recovery of this webhook is running."]


def test_while_one_runs_the_form_leads_to_it(dana, webhook):
    recovery = make_recovery(webhook)

    html = asked(dana, webhook).content.decode()

    assert page("webhook_recovery", webhook, recovery) in html
    assert "Start recovery" not in html


def test_to_a_disabled_webhook_nothing_is_recovered(dana, acme, now):
    webhook = make_webhook(acme, status="Disabled")
    failed(webhook, now)

    html = asked(dana, webhook).content.decode()
    response = recover(dana, webhook, since="1h")

    assert "Only to an active webhook is anything sent again." in html
    assert "Start recovery" not in html
    expected = "The webhook is Disabled: only to an Active one is anything sent again."
    assert told(response) == [expected]
    assert not Recovery.objects.exists()


# --- Progress -----------------------------------------------------------------------


def test_progress_is_counted_and_asked_for_while_it_runs(dana, webhook, now):
    recovery = make_recovery(webhook, matched=4, queued=3)
    for state in (State.SUCCEEDED, State.FAILED, State.PENDING):
        outcome = {"state": state, "recovery": recovery, "is_replay": True}
        delivered(webhook, now, **outcome)

    html = dana.get(page("webhook_recovery", webhook, recovery)).content.decode()

    assert "2 of 4 deliveries have ended." in html
    assert '<progress max="4" value="2"' in html
    assert "every 2s" in html
    assert "Cancel recovery" in html


def test_one_that_has_ended_asks_no_more(dana, webhook, now):
    recovery = make_recovery(webhook, stage=Recovery.Stage.SENDING, matched=1)
    delivered(webhook, now, recovery=recovery, is_replay=True)
    address = page("webhook_recovery", webhook, recovery)

    html = dana.get(address, headers=HTMX).content.decode()

    assert html.lstrip().startswith('<section id="progress"')
    assert "The recovery is complete" in html
    assert "every 2s" not in html
    assert "Cancel recovery" not in html


def test_its_deliveries_can_be_listed(dana, webhook, now):
    recovery = make_recovery(webhook)
    mine = delivered(webhook, now, recovery=recovery, is_replay=True)
    delivered(webhook, now)

    href = dana.get(page("webhook_recovery", webhook, recovery)).context["list"]

    assert [row.delivery for row in dana.get(href).context["rows"]] == [mine]


def cancel(browser, webhook, recovery):
    return browser.post(page("webhook_recovery_cancel", webhook, recovery))


def test_it_can_be_cancelled(dana, webhook):
    recovery = make_recovery(webhook)

    response = cancel(dana, webhook, recovery)

    recovery.refresh_from_db()
    assert recovery.status == "cancelled"
    assert told(response) == ["The recovery is cancelled."]
    assert AuditEvent.objects.get(action="recovery.cancelled").actor_name == "dana"
    html = dana.get(response.url).content.decode()
    assert "The recovery was cancelled" in html


def test_one_that_is_complete_cannot_be_cancelled(dana, webhook):
    recovery = make_recovery(webhook, stage=Recovery.Stage.SENDING)

    response = cancel(dana, webhook, recovery)

    expected = "The recovery has ended: there is nothing to cancel."
    assert told(response) == [expected]


def test_globex_recovers_nothing_of_acmes(acme, globex, webhook, now):
    eve = browser_of(globex, name="eve")
    failed(webhook, now)
    recovery, mine = make_recovery(webhook), make_webhook(globex)

    assert asked(eve, webhook).status_code == 404
    assert recover(eve, webhook, since="1h").status_code == 404
    for of in (webhook, mine):
        assert eve.get(page("webhook_recovery", of, recovery)).status_code == 404
        assert cancel(eve, of, recovery).status_code == 404
    recovery.refresh_from_db()
    assert recovery.status == "running"
    assert Recovery.objects.count() == 1


def test_support_recovers_for_a_tenant(webhook, acme, now):
    sam = browser_of(name="sam")
    failed(webhook, now)

    recover(sam, webhook, since="1h")

    assert Recovery.objects.get().created_by == "sam"
    assert AuditEvent.objects.get(action="recovery.started").tenant == acme
