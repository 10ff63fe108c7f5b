"""Sending again from the pages: one, the chosen ones, all that match; once each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from deliveries.models import Delivery, Event
from deliveries.pages.form_tokens import new_token
from subscriptions.models import AuditEvent, Webhook
from tests.builders import make_delivery, make_event, make_webhook
from tests.pages.delivery_cast import browser_of, delivered, failed, page, retrying

State = Delivery.State
HTMX = {"HX-Request": "true"}


@pytest.fixture
def dana(acme):
    return browser_of(acme)


@pytest.fixture
def now():
    return timezone.now()


def token_of(webhook):
    return new_token(webhook, now=timezone.now())


def told(response):
    return [str(each) for each in get_messages(response.wsgi_request)]


def replays():
    return list(Delivery.objects.filter(is_replay=True).order_by("due_at", "pk"))


def resend(browser, delivery, token=None, **headers):
    address = page("webhook_resend", delivery.webhook, delivery)
    token = token or token_of(delivery.webhook)
    return browser.post(address, {"token": token}, headers=headers)


# --- One ----------------------------------------------------------------------------


def test_a_resend_leads_to_the_new_delivery(dana, webhook, now):
    first = failed(webhook, now)

    response = resend(dana, first)

    (again,) = replays()
    assert (again.event_id, again.webhook_id) == (first.event_id, webhook.pk)
    assert response.url == page("webhook_delivery", webhook, again)
    assert told(response) == ["Sent again: this is the new delivery."]


def test_the_page_shows_the_new_delivery_without_a_reload(dana, webhook, now):
    first = failed(webhook, now)
    token = token_of(webhook)

    html = resend(dana, first, token, **HTMX).content.decode()

    (again,) = replays()
    assert again.public_id in html
    assert "Queued" in html
    # It asks on; until that has ended the next click is the same one.
    assert "every 2s" in html
    assert 'name="token"' not in html
    Delivery.objects.filter(pk=again.pk).update(
        state=State.SUCCEEDED, due_at=None, ended_at=now
    )
    address = page("webhook_delivery_fellows", webhook, first)
    later = dana.get(address, headers=HTMX).content.decode()
    assert "every 2s" not in later
    assert 'hx-swap-oob="true"' in later
    assert token not in later


def test_the_second_click_of_a_form_sends_nothing(dana, webhook, now):
    first, token = failed(webhook, now), token_of(webhook)

    answers = [resend(dana, first, token) for _ in range(2)]

    (again,) = replays()
    assert {each.url for each in answers} == {page("webhook_delivery", webhook, again)}
    assert AuditEvent.objects.filter(action="delivery.replayed").count() == 1


def test_the_second_form_sends_a_second_time(dana, webhook, now):
    first = failed(webhook, now)

    resend(dana, first)
    resend(dana, first)

    assert len(replays()) == 2


def test_what_was_delivered_can_be_sent_again_too(dana, webhook, now):
    resend(dana, delivered(webhook, now))

    assert len(replays()) == 1


def test_it_is_written_down_who_did_it(dana, webhook, now):
    resend(dana, failed(webhook, now))

    event = AuditEvent.objects.get(action="delivery.replayed")
    assert (event.actor_kind, event.actor_name) == ("person", "dana")
    assert event.object_id == replays()[0].public_id


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "part"])
def test_what_cannot_be_sent_again_says_why(dana, webhook, now, headers):
    first = failed(webhook, now)
    Webhook.objects.filter(pk=webhook.pk).update(
        status="Disabled", disabled_at=now, disabled_reason="Manual"
    )

    response = resend(dana, first, **headers)

    sentence = "The webhook is Disabled: only to an Active one is anything sent again."
    said = told(response) if not headers else [response.context["refusal"]]
    assert said == [sentence]
    assert replays() == []


def test_what_was_not_sent_yet_is_not_sent_again(dana, webhook):
    response = resend(dana, make_delivery(webhook))

    expected = "This was not sent yet: its first attempt is still to come."
    assert told(response) == [expected]
    assert replays() == []


def test_a_payload_that_has_expired_is_not_sent_again(dana, webhook, now):
    first = failed(webhook, now)
    Event.objects.update(body=b"", payload_deleted_at=now)

    response = resend(dana, first)

    expected = "The event's payload has expired: it cannot be sent again."
    assert told(response) == [expected]
    assert replays() == []


@pytest.mark.parametrize("kind", ["missing", "changed", "of another webhook"])
def test_a_token_that_the_form_did_not_have_sends_nothing(
    dana, acme, webhook, now, kind
):
    token = {
        "missing": " ",
        "changed": token_of(webhook)[:-1] + "!",
        "of another webhook": token_of(make_webhook(acme)),
    }[kind]

    response = resend(dana, failed(webhook, now), token)

    assert told(response) == ["This form is not complete. Open the page again."]
    assert replays() == []


# --- The chosen ones ----------------------------------------------------------------


def resend_chosen(browser, webhook, deliveries, token=None, query=""):
    chosen = [each.public_id for each in deliveries]
    address = page("webhook_resend_chosen", webhook) + query
    form = {"delivery": chosen, "token": token or token_of(webhook)}
    return browser.post(address, form)


def test_the_chosen_ones_are_sent_again_and_no_others(dana, webhook, now):
    made = [failed(webhook, now - timedelta(minutes=n)) for n in range(4)]

    response = resend_chosen(dana, webhook, made[:3], query="?status=failed")

    assert [each.event_id for each in replays()] == [
        each.event_id for each in reversed(made[:3])
    ]
    assert told(response) == ["3 deliveries are sent again."]
    assert response.url == page("webhook_deliveries", webhook) + "?status=failed"


def test_the_audit_log_names_the_chosen_ones(dana, webhook, now):
    made = [failed(webhook, now) for _ in range(2)]

    resend_chosen(dana, webhook, made)

    event = AuditEvent.objects.get(action="delivery.replayed")
    assert (event.actor_name, event.object_id) == ("dana", webhook.public_id)
    named = event.changes["Deliveries"]["After"]
    assert sorted(named) == sorted(each.public_id for each in replays())


def test_the_same_choice_twice_is_sent_once(dana, webhook, now):
    made, token = [failed(webhook, now) for _ in range(3)], token_of(webhook)

    resend_chosen(dana, webhook, made, token)
    response = resend_chosen(dana, webhook, made, token)

    assert len(replays()) == 3
    assert told(response)[-1] == "These are being sent again already."


def test_what_is_on_its_way_is_left_out(dana, webhook, now):
    chosen = [failed(webhook, now), retrying(webhook, now), make_delivery(webhook)]

    response = resend_chosen(dana, webhook, chosen)

    assert told(response) == ["1 delivery is sent again."]
    assert [each.event_id for each in replays()] == [chosen[0].event_id]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("none", "Select at least one delivery."),
        ("foreign", "None of these can be sent again."),
        ("on its way", "None of these can be sent again."),
        ("expired", "The event's payload has expired: it cannot be sent again."),
    ],
)
def test_a_choice_of_nothing_says_so(dana, acme, globex, webhook, now, kind, sentence):
    expired = make_event(acme, payload_deleted_at=now)
    chosen = {
        "none": [],
        "foreign": [failed(make_webhook(globex), now)],
        "on its way": [retrying(webhook, now)],
        "expired": [failed(webhook, now, event=expired)],
    }[kind]

    response = resend_chosen(dana, webhook, chosen)

    assert told(response) == [sentence]
    assert replays() == []


# --- All that match -----------------------------------------------------------------


def matching(webhook, query=""):
    return page("webhook_resend_matching", webhook) + query


def resend_matching(browser, webhook, query="", token=None):
    form = {"token": token or token_of(webhook)}
    return browser.post(matching(webhook, query), form)


def test_it_says_how_many_before_and_sends_as_many(dana, webhook, now):
    made = [failed(webhook, now - timedelta(minutes=n)) for n in range(1, 61)]
    delivered(webhook, now)

    asked = dana.get(matching(webhook, "?status=failed"))
    token = asked.context["token"]
    response = resend_matching(dana, webhook, "?status=failed", token)

    assert asked.context["matching"] == 60
    html = asked.content.decode()
    assert "60 events match and can be sent again." in html
    assert "60 deliveries are made, at most 5 per second." in html
    assert told(response) == ["60 deliveries are sent again."]
    assert {each.event_id for each in replays()} == {each.event_id for each in made}
    event = AuditEvent.objects.get(action="delivery.replayed")
    assert event.changes["Deliveries"]["After"] == 60


def test_they_go_out_at_the_rate_of_recoveries_the_oldest_first(dana, webhook, now):
    made = [failed(webhook, now - timedelta(minutes=n)) for n in range(1, 12)]

    resend_matching(dana, webhook)

    due = [each.due_at for each in replays()]
    assert due[10] - due[0] == timedelta(seconds=2)
    assert replays()[0].event_id == made[-1].event_id


def test_no_more_than_the_limit_go_out_the_newest(dana, webhook, now, settings):
    settings.WEBHOOKS_RECOVERY_RATE = 0.0125
    made = [failed(webhook, now - timedelta(minutes=n)) for n in range(1, 6)]

    asked = dana.get(matching(webhook)).content.decode()
    resend_matching(dana, webhook)

    assert "5 events match and can be sent again." in asked
    assert "At most 3 go out at once: the newest ones." in asked
    assert [each.event_id for each in replays()] == [
        each.event_id for each in reversed(made[:3])
    ]


def test_the_second_click_sends_none_of_them_again(dana, webhook, now):
    for minutes in range(1, 4):
        failed(webhook, now - timedelta(minutes=minutes))
    token = dana.get(matching(webhook)).context["token"]

    for _ in range(2):
        response = resend_matching(dana, webhook, token=token)

    assert len(replays()) == 3
    assert told(response)[-1] == "These are being sent again already."


def test_what_has_come_since_the_question_is_left_out(dana, webhook, now):
    failed(webhook, now - timedelta(minutes=1))
    token = dana.get(matching(webhook)).context["token"]
    failed(webhook, timezone.now() + timedelta(minutes=1))

    resend_matching(dana, webhook, token=token)

    assert len(replays()) == 1


def test_an_event_that_failed_twice_is_sent_once(dana, webhook, now):
    first = failed(webhook, now - timedelta(minutes=2))
    failed(webhook, now - timedelta(minutes=1), event=first.event, is_replay=True)

    asked = dana.get(matching(webhook, "?status=failed"))
    resend_matching(dana, webhook, "?status=failed")

    assert asked.context["matching"] == 1
    assert Delivery.objects.filter(state=State.PENDING).count() == 1


def test_neither_tests_nor_what_has_expired_nor_is_on_its_way_is_sent(
    dana, acme, webhook, now
):
    failed(webhook, now, is_test=True)
    failed(webhook, now, event=make_event(acme, payload_deleted_at=now))
    retrying(webhook, now)

    asked = dana.get(matching(webhook))
    response = resend_matching(dana, webhook)

    assert asked.context["matching"] == 0
    assert (
        "<button" not in asked.content.decode().split("</main>")[0].split("Cancel")[1]
    )
    assert told(response) == ["None of these can be sent again."]
    assert replays() == []


def test_filters_that_make_no_sense_send_nothing(dana, webhook, now):
    failed(webhook, now)

    response = resend_matching(dana, webhook, "?status=lost")

    assert told(response) == ["There is no such filter: status=lost."]
    assert replays() == []


def test_to_a_disabled_webhook_nothing_is_sent(dana, acme, now):
    webhook = make_webhook(acme, status="Disabled")
    failed(webhook, now)

    asked = dana.get(matching(webhook)).content.decode()
    response = resend_matching(dana, webhook)

    assert "Only to an active webhook is anything sent again." in asked
    expected = "The webhook is Disabled: only to an Active one is anything sent again."
    assert told(response) == [expected]
    assert replays() == []


# --- Who may ------------------------------------------------------------------------


def addresses(webhook, delivery):
    return [
        page("webhook_resend", webhook, delivery),
        page("webhook_resend_chosen", webhook),
        page("webhook_resend_matching", webhook),
    ]


@pytest.mark.parametrize("role", ["engineer", "support"])
def test_engineers_and_support_may_too(acme, webhook, now, role):
    tenant = None if role == "support" else acme
    browser = browser_of(tenant, role="engineer" if tenant else "admin", name="eli")

    resend(browser, failed(webhook, now))

    assert len(replays()) == 1
    assert AuditEvent.objects.get(action="delivery.replayed").tenant == acme


def test_a_link_alone_changes_nothing(dana, webhook, now):
    one, chosen, _ = addresses(webhook, failed(webhook, now))

    assert dana.get(one).status_code == dana.get(chosen).status_code == 405


def test_without_its_csrf_token_a_form_is_refused(acme, webhook, now):
    dana = browser_of(acme)
    dana.handler.enforce_csrf_checks = True

    for address in addresses(webhook, failed(webhook, now)):
        assert dana.post(address, {"token": token_of(webhook)}).status_code == 403
    assert replays() == []


def test_globex_can_send_nothing_of_acmes(globex, webhook, now):
    eve = browser_of(globex, name="eve")
    delivery, mine = failed(webhook, now), make_webhook(globex)
    form = {"token": token_of(webhook), "delivery": delivery.public_id}

    for address in addresses(webhook, delivery):
        assert eve.post(address, form).status_code == 404
    assert eve.get(matching(webhook)).status_code == 404
    assert eve.post(page("webhook_resend", mine, delivery), form).status_code == 404
    eve.post(page("webhook_resend_chosen", mine), form | {"token": token_of(mine)})
    assert replays() == []
