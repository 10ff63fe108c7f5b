"""One delivery: why it failed, what to do, and what was sent and answered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deliveries.models import Delivery, Event
from tests.builders import (
    make_attempt,
    make_delivery,
    make_event,
    make_many_attempts,
    make_webhook,
)
from tests.pages.delivery_cast import (
    FAILURE,
    browser_of,
    delivered,
    failed,
    outcome_of,
    page,
    retrying,
)

State = Delivery.State


@pytest.fixture
def dana(acme):
    return browser_of(acme)


@pytest.fixture
def now():
    return timezone.now()


def opened(browser, delivery, **query):
    return browser.get(page("webhook_delivery", delivery.webhook, delivery), query)


def html_of(browser, delivery, **query):
    return opened(browser, delivery, **query).content.decode()


EXPLAINED = [
    (
        FAILURE,
        "Your server answered with an error.",
        "Your server is not available at the moment (503)",
        "Check its load.",
    ),
    (
        FAILURE | {"status_code": 429},
        "Your server asked us to slow down.",
        "asked us to slow down (429)",
        "Raise its limit for us",
    ),
    (
        FAILURE | {"status_code": 410},
        "Your server said that this URL is gone.",
        "gone for good (410)",
        "Enter the new URL",
    ),
    (
        FAILURE | {"status_code": 301},
        "We do not follow redirects.",
        "Your server answered 301, a redirect.",
        "Enter the final URL",
    ),
    (
        outcome_of("timeout"),
        "No answer in time.",
        "did not answer in time.",
        "Reply first, work later",
    ),
    (
        outcome_of("tls", "The certificate has expired."),
        "No secure connection.",
        "The certificate has expired.",
        "Renew the certificate",
    ),
    (
        outcome_of("dns"),
        "Host not found.",
        "was not found.",
        "Check the spelling of the URL",
    ),
    (
        outcome_of("blocked"),
        "Address not allowed.",
        "was not called.",
        "whose host has only public addresses",
    ),
    (
        outcome_of("poison"),
        "The fault was on our side.",
        "Our worker stopped during this attempt",
        "Tell our support",
    ),
]


@pytest.mark.parametrize(
    ("outcome", "heading", "what", "remedy"),
    EXPLAINED,
    ids=["503", "429", "410", "301", "timeout", "tls", "dns", "blocked", "poison"],
)
def test_it_says_why_it_failed_and_what_to_do(
    dana, webhook, now, outcome, heading, what, remedy
):
    html = html_of(dana, failed(webhook, now, outcome=outcome))

    assert f"<h2>{heading}</h2>" in html
    assert what in html
    assert remedy in html


def test_a_success_explains_nothing(dana, webhook, now):
    html = html_of(dana, delivered(webhook, now))

    assert "What to do:" not in html
    assert "Delivered" in html


def test_one_that_waits_for_its_first_try_says_when(dana, webhook, now):
    delivery = make_delivery(webhook, due_at=now + timedelta(minutes=2))

    html = html_of(dana, delivery)

    assert "First try" in html
    assert f"{now + timedelta(minutes=2):%Y-%m-%d %H:%M:%S} UTC" in html
    assert "Nothing was sent yet." in html


def test_one_that_is_tried_again_says_which_try_comes_when(dana, webhook, now):
    delivery = retrying(webhook, now, due_at=now + timedelta(minutes=4))

    html = html_of(dana, delivery)

    assert "Retrying: 1 of 4 tries were made." in html
    assert "Next try" in html
    assert f"{now + timedelta(minutes=4):%Y-%m-%d %H:%M:%S} UTC" in html


def test_a_skipped_one_was_not_sent(dana, webhook, now):
    delivery = make_delivery(webhook, state=State.SKIPPED)
    skipped = {"status": "skipped", "status_code": None, "error_kind": "disabled"}
    make_attempt(delivery, **skipped)

    html = html_of(dana, delivery)

    assert "<h2>Not sent.</h2>" in html
    assert "Not sent: the webhook was disabled or deleted first." in html
    assert "The connection ended" not in html


def test_attempts_stand_newest_first_and_each_has_an_address(dana, webhook, now):
    delivery = failed(webhook, now, attempts=3, outcome=outcome_of("dns"))

    latest, first = opened(dana, delivery), opened(dana, delivery, attempt="1")

    assert [each.place for each in latest.context["file"].attempts] == [3, 2, 1]
    assert latest.context["entry"].attempt.sequence == 3
    assert first.context["entry"].attempt.sequence == 1
    assert "Your server answered with an error." in first.content.decode()


@pytest.mark.parametrize("place", ["0", "4", "-1", "x", "9" * 30, "٣"])
def test_an_attempt_that_there_is_not_is_the_latest(dana, webhook, now, place):
    delivery = failed(webhook, now, attempts=3)

    assert opened(dana, delivery, attempt=place).context["file"].place == 3


def test_of_very_many_attempts_the_newest_are_listed(dana, webhook, now):
    delivery = make_delivery(webhook, state=State.FAILED)
    make_many_attempts(delivery, count=120)

    response = opened(dana, delivery, attempt="100")

    assert len(response.context["file"].attempts) == 50
    assert response.context["entry"].attempt.sequence == 100


def test_the_phases_add_up_to_the_whole_bar(dana, webhook, now):
    delivery = make_delivery(webhook, state=State.SUCCEEDED)
    make_attempt(delivery, dns_ms=1, connect_ms=13, tls_ms=39, wait_ms=203)

    phases = opened(dana, delivery).context["timing"]

    assert [(each.tone, each.ms) for each in phases] == [
        ("dns", 1),
        ("connect", 13),
        ("tls", 39),
        ("wait", 203),
    ]
    assert sum(each.width for each in phases) == 1000
    ends = [each.x + each.width for each in phases]
    assert [each.x for each in phases] == [0, *ends[:-1]]


def test_a_reused_connection_has_one_phase_and_none_divides_by_zero(dana, webhook, now):
    delivery = make_delivery(webhook, state=State.SUCCEEDED)
    make_attempt(delivery, wait_ms=0)

    (phase,) = opened(dana, delivery).context["timing"]

    assert (phase.tone, phase.width) == ("wait", 0)


EVIL = b"<script>alert(1)</script>\xe2\x80\xae\xff"


def test_what_strangers_answer_is_text(dana, webhook, now):
    delivery = make_delivery(webhook, state=State.FAILED)
    make_attempt(
        delivery,
        **FAILURE,
        response_body=EVIL,
        response_headers=[["X-<b>", '"><script>alert(2)</script>']],
    )

    html = html_of(dana, delivery)

    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e" in html
    assert "<script>alert" not in html
    assert "X-&lt;b&gt;" in html


def test_a_body_of_json_is_coloured_token_by_token(dana, acme, webhook, now):
    data = {"text": 'with 12 "quoted"', "number": 12}
    delivery = delivered(webhook, now, event=make_event(acme, data=data))

    html = html_of(dana, delivery)

    assert '<span class="t-key">&quot;number&quot;</span>' in html
    assert '<span class="t-number">12</span>' in html
    quoted = "&quot;with 12 \\&quot;quoted\\&quot;&quot;"
    assert f'<span class="t-string">{quoted}</span>' in html


def test_an_answer_that_was_cut_says_so(dana, webhook, now):
    delivery = make_delivery(webhook, state=State.SUCCEEDED)
    make_attempt(delivery, response_body=b"x" * 16 * 1024)

    assert "Cut: we keep the first 16 KB." in html_of(dana, delivery)


def test_a_long_event_does_not_make_a_long_page(dana, acme, webhook, now):
    data = {"rows": [{"n": number} for number in range(40_000)]}
    delivery = delivered(webhook, now, event=make_event(acme, data=data))

    response = opened(dana, delivery)

    assert "The first 16 KB of" in response.content.decode()
    assert len(response.content) < 200_000


def test_a_page_of_nested_json_stays_small(dana, acme, webhook, now):
    data = {"rows": [{"n": number} for number in range(1_400)]}
    event = make_event(acme, data=data)
    delivery = make_delivery(webhook, event=event, state=State.SUCCEEDED)
    make_attempt(delivery, response_body=b"[" + b"1," * 8_190 + b"1]")

    assert len(opened(dana, delivery).content) < 200_000


def test_a_payload_that_has_expired_says_since_when(dana, webhook, now):
    delivery = failed(webhook, now)
    deleted_at = delivery.event.created_at + timedelta(days=7)
    Event.objects.update(body=b"", payload_deleted_at=deleted_at)

    html = html_of(dana, delivery)

    told = f"Kept for 7 days, deleted on {deleted_at:%Y-%m-%d}."
    assert html.count(told) == 2
    assert "Copy as cURL" not in html


def test_an_answer_that_never_came_says_so(dana, webhook, now):
    delivery = failed(webhook, now, outcome=outcome_of("reset"))

    html = html_of(dana, delivery)

    assert "The connection ended before your server sent anything." in html


def test_the_command_line_can_be_pasted_and_holds_no_secret(dana, acme, webhook, now):
    event = make_event(acme, data={"it": "it's $HOME `id`"})
    delivery = make_delivery(webhook, event=event, state=State.FAILED)
    headers = {"X-Alvys-Event": "tender.created", "Authorization": "••••", "Host": "x"}
    make_attempt(delivery, **FAILURE, request_headers=headers)

    curl = opened(dana, delivery).context["panes"].curl

    body = event.body.decode().replace("'", "'\"'\"'")
    assert curl == (
        f"curl -X POST {webhook.url} \\\n"
        "  -H 'X-Alvys-Event: tender.created' \\\n"
        f"  --data-binary '{body}'"
    )


def test_older_and_newer_lead_along_the_list(dana, webhook, now):
    oldest, middle, newest = (
        delivered(webhook, now - timedelta(hours=hours)) for hours in (2, 1, 0)
    )
    delivered(make_webhook(webhook.tenant), now - timedelta(minutes=90))

    of_middle = opened(dana, middle).context

    assert of_middle["older"] == page("webhook_delivery", webhook, oldest)
    assert of_middle["newer"] == page("webhook_delivery", webhook, newest)
    assert opened(dana, newest).context["newer"] == ""
    assert opened(dana, oldest).context["older"] == ""


def test_deliveries_of_one_moment_have_neighbours_too(dana, webhook, now):
    made = [delivered(webhook, now) for _ in range(3)]

    context = opened(dana, made[1]).context

    assert context["older"].endswith(f"{made[0].public_id}/")
    assert context["newer"].endswith(f"{made[2].public_id}/")


def test_it_takes_few_queries_however_many_attempts(dana, webhook, now):
    delivery = failed(webhook, now)
    for _ in range(5):
        failed(webhook, now, event=delivery.event, is_replay=True)

    def queries():
        with CaptureQueriesContext(connection) as found:
            assert opened(dana, delivery).status_code == 200
        return len(found)

    queries()  # The first request of a session asks more.
    few = queries()
    make_many_attempts(delivery, count=40)

    assert queries() == few
    assert few <= 12 - (connection.vendor == "sqlite")


def test_it_is_found_only_under_its_own_webhook(dana, acme, webhook, now):
    other = make_webhook(acme)
    delivery = delivered(webhook, now)

    assert dana.get(page("webhook_delivery", other, delivery)).status_code == 404


def test_ids_of_nobody_are_not_found(dana, webhook):
    start = page("webhook_deliveries", webhook)

    for wrong in (
        "dlv_nobodys",
        "dlv_" + "0" * 26,
        "dlv_%00",
        "other",
        "dlv_" + "z" * 26,
    ):
        assert dana.get(f"{start}{wrong}/").status_code == 404


def test_globex_does_not_find_it(globex, webhook, now):
    eve = browser_of(globex, name="eve")
    delivery = delivered(webhook, now)
    mine = make_webhook(globex)

    assert opened(eve, delivery).status_code == 404
    assert eve.get(page("webhook_delivery", mine, delivery)).status_code == 404
    fellows = page("webhook_delivery_fellows", webhook, delivery)
    assert eve.get(fellows).status_code == 404
