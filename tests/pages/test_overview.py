"""The overview of a webhook: its numbers are a count, and its bars lead to them."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deliveries.models import Delivery
from tests.builders import make_attempt, make_delivery, make_webhook
from tests.pages.delivery_cast import (
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


def overview(browser, webhook, **query):
    return browser.get(page("webhook_overview", webhook), query)


def day_of(webhook, now):
    """Within 24 hours: 5 delivered, 3 failed, 1 retrying, 1 queued, 1 skipped."""
    for hours in (0, 1, 1, 2, 20):
        delivered(webhook, now - timedelta(hours=hours))
    failed(webhook, now - timedelta(hours=1), attempts=4)
    failed(webhook, now - timedelta(hours=3))
    failed(webhook, now - timedelta(hours=3), outcome=outcome_of("timeout"))
    retrying(webhook, now)
    make_delivery(webhook, created_at=now)
    make_delivery(webhook, created_at=now, state=State.SKIPPED)
    # None of these: too old, or a test.
    failed(webhook, now - timedelta(hours=25))
    failed(webhook, now, is_test=True)


def test_its_numbers_are_a_count_over_the_deliveries(dana, webhook):
    day_of(webhook, timezone.now())

    figures = overview(dana, webhook).context["figures"]

    assert (figures.total, figures.delivered, figures.failed) == (11, 5, 3)
    assert (figures.retrying, figures.finished) == (1, 8)
    assert figures.success_rate == 62.5


@pytest.mark.parametrize("period", ["24h", "7d", "30d"])
def test_the_bars_add_up_to_the_figures_and_so_does_the_table(dana, webhook, period):
    day_of(webhook, timezone.now())

    response = overview(dana, webhook, range=period)

    chart = response.context["deliveries_chart"]
    total = response.context["figures"].total
    assert sum(bar.column.total for bar in chart.drawing.bars) == total
    cells = re.findall(r'<td class="number">(\d+)</td>', response.content.decode())
    assert sum(map(int, cells)) == total
    assert sum(number for _tone, _word, number in chart.legend) == total


@pytest.mark.parametrize("period", ["24h", "7d", "30d"])
def test_a_bar_leads_to_exactly_the_failures_that_it_counts(dana, webhook, period):
    day_of(webhook, timezone.now())
    chart = overview(dana, webhook, range=period).context["deliveries_chart"]

    red = [bar.column for bar in chart.drawing.bars if bar.column.counts["bad"]]

    assert red
    for column in red:
        rows = dana.get(column.href).context["rows"]
        assert {row.status for row in rows} == {"failed"}
        assert len(rows) == column.counts["bad"]


def test_a_bar_without_failures_leads_to_all_of_it(dana, webhook):
    now = timezone.now()
    delivered(webhook, now)
    make_delivery(webhook, created_at=now)
    chart = overview(dana, webhook).context["deliveries_chart"]

    (column,) = [bar.column for bar in chart.drawing.bars if bar.column.total]

    assert len(dana.get(column.href).context["rows"]) == 2


def test_the_running_hour_is_hatched_and_says_so(dana, webhook):
    delivered(webhook, timezone.now())

    response = overview(dana, webhook)

    bars = response.context["deliveries_chart"].drawing.bars
    assert [bar.column.is_running for bar in bars] == [False] * 23 + [True]
    assert "(so far): 1 Delivered" in response.content.decode()
    assert 'class="hatched"' in response.content.decode()


def test_reasons_are_those_of_the_last_attempts_and_lead_there(dana, webhook):
    now = timezone.now()
    day_of(webhook, now)

    reasons = overview(dana, webhook).context["reasons"]

    told = [(str(each.label), each.count) for each in reasons]
    assert told == [("Server error (5xx)", 2), ("No answer in time", 1)]
    for each in reasons:
        assert len(dana.get(each.href).context["rows"]) == each.count


def test_failures_are_named_above_everything(dana, webhook):
    day_of(webhook, timezone.now())

    html = overview(dana, webhook).content.decode()

    assert "3 deliveries failed in the last 24 hours." in html
    assert "Most common reason: Server error (5xx)." in html


def test_who_has_no_failures_reads_that(dana, webhook):
    delivered(webhook, timezone.now())

    html = overview(dana, webhook).content.decode()

    assert "Nothing has failed." in html
    assert "Latest failures" not in html
    assert "deliveries failed" not in html


def test_a_webhook_without_deliveries_says_what_comes(dana, webhook):
    html = overview(dana, webhook).content.decode()

    assert "Deliveries appear here as soon as a subscribed event happens." in html
    assert "Nothing was attempted in this period." in html


def test_percentiles_are_those_of_the_attempts(dana, webhook):
    now = timezone.now()
    delivery = make_delivery(webhook, created_at=now)
    for duration in range(1, 101):
        make_attempt(delivery, started_at=now, duration_ms=duration)

    figures = overview(dana, webhook).context["figures"]

    assert (figures.p50_ms, figures.p95_ms) == (50, 95)


def test_a_period_that_there_is_not_is_the_last_day(dana, webhook):
    assert overview(dana, webhook, range="1y").context["range"].name == "24h"


def test_review_failures_leads_to_those_of_the_period(dana, webhook):
    day_of(webhook, timezone.now())

    href = overview(dana, webhook).context["failures"]

    assert parse_qs(urlsplit(href).query)["status"] == ["failed"]
    assert len(dana.get(href).context["rows"]) == 3


def test_it_takes_few_queries_however_many_deliveries(dana, webhook):
    def queries():
        with CaptureQueriesContext(connection) as found:
            assert overview(dana, webhook).status_code == 200
        return len(found)

    now = timezone.now()
    failed(webhook, now, attempts=2)
    retrying(webhook, now)
    queries()  # The first request of a session asks more.
    few = queries()
    for minutes in range(100):
        failed(webhook, now - timedelta(minutes=minutes), attempts=2)

    assert queries() == few
    assert few <= 12 - (connection.vendor == "sqlite")


def test_it_never_holds_the_signing_secret(dana, webhook):
    secret = webhook.signing_secrets.get()

    html = overview(dana, webhook).content.decode()

    assert f"whsec_••••{secret.hint}" in html
    assert secret.sealed not in html


def test_who_may_not_manage_sees_no_link_to_the_settings(acme, webhook):
    sam = browser_of(name="sam")

    html = overview(sam, webhook).content.decode()

    assert "Acme" in html
    assert page("webhook_settings", webhook) not in html


def test_nothing_of_it_is_globexs(acme, globex, webhook):
    eve = browser_of(globex, name="eve")
    day_of(webhook, timezone.now())

    mine = make_webhook(globex)

    assert overview(eve, webhook).status_code == 404
    assert overview(eve, mine).context["figures"].total == 0
