"""The tabs above a webhook's pages: how many of its deliveries failed lately."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deliveries.logs.failing import failed_lately
from deliveries.models import Delivery
from tests.builders import make_delivery, make_webhook
from tests.pages.delivery_cast import browser_of, delivered, failed, page

PAGES = ("webhook_overview", "webhook_deliveries", "webhook_settings", "webhook_test")


def count_in(response):
    """What the mark on the tab says; None where there is none."""
    html = response.content.decode()
    _before, mark, after = html.partition('<span class="failures bad">')
    return after.partition("<")[0] if mark else None


@pytest.mark.parametrize("name", PAGES)
def test_the_tab_says_how_many_failed_in_a_day(acme, webhook, name):
    now = timezone.now()
    for hours in (0, 5, 20):
        failed(webhook, now - timedelta(hours=hours))
    failed(webhook, now - timedelta(hours=25))
    failed(webhook, now, is_test=True)
    failed(make_webhook(acme), now)
    delivered(webhook, now)
    make_delivery(webhook, state=Delivery.State.SKIPPED)

    response = browser_of(acme).get(page(name, webhook))

    assert count_in(response) == "3"
    assert "failed in the last 24 hours" in response.content.decode()


def test_it_is_the_number_of_the_overview(acme, webhook):
    now = timezone.now()
    for hours in range(30):
        failed(webhook, now - timedelta(hours=hours))

    response = browser_of(acme).get(page("webhook_overview", webhook))

    assert count_in(response) == str(response.context["figures"].failed)


def test_nothing_is_drawn_where_nothing_failed(acme, webhook):
    delivered(webhook, timezone.now())

    response = browser_of(acme).get(page("webhook_overview", webhook))

    assert count_in(response) is None


def test_many_are_not_counted_to_the_end(acme, webhook):
    now = timezone.now()
    for _ in range(120):
        make_delivery(webhook, state=Delivery.State.FAILED, created_at=now)

    assert failed_lately(webhook, now=now) == 100
    response = browser_of(acme).get(page("webhook_settings", webhook))
    assert count_in(response) == "99+"


def test_it_is_one_query_by_an_index_of_failures(webhook):
    for _ in range(40):
        make_delivery(webhook, state=Delivery.State.SUCCEEDED)
    with connection.cursor() as cursor:
        # The index of lists would do where nothing else is in it.
        cursor.execute("ANALYZE deliveries_delivery")

    with CaptureQueriesContext(connection) as found:
        failed_lately(webhook, now=timezone.now())

    (query,) = found.captured_queries
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # So few rows would rather be read from end to end.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute("EXPLAIN " + query["sql"])
        else:
            cursor.execute("EXPLAIN QUERY PLAN " + query["sql"])
        plan = str(cursor.fetchall())
    assert "delivery_not_received" in plan
