"""No page of deliveries reads a table that grows from end to end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.bench.plans import statements
from tests.builders import make_webhook
from tests.pages.delivery_cast import browser_of, delivered, failed, page, retrying

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

LISTED = "delivery_listed"


@pytest.fixture(autouse=True)
def as_if_tables_were_long(db):
    """So few rows would rather be read from end to end."""
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        yield
        cursor.execute("RESET enable_seqscan")


@pytest.mark.parametrize(
    ("name", "query", "index"),
    [
        ("webhook_overview", {}, LISTED),
        ("webhook_overview", {"range": "30d"}, LISTED),
        ("webhook_deliveries", {}, LISTED),
        ("webhook_deliveries", {"status": "delivered"}, LISTED),
        ("webhook_deliveries", {"code": "5xx"}, "one_attempt_per_claim"),
        ("webhook_deliveries", {"reason": "timeout"}, "one_attempt_per_claim"),
        ("webhook_deliveries", {"event": "tender.created"}, "one_attempt_per_claim"),
        ("webhook_recover", {}, "delivery_not_received"),
        ("webhook_resend_matching", {"status": "failed"}, "delivery_not_received"),
    ],
)
def test_a_page_finds_its_rows_by_an_index(acme, webhook, name, query, index):
    now = timezone.now()
    for other in (webhook, make_webhook(acme)):
        for minutes in range(40):
            delivered(other, now - timedelta(minutes=minutes))
        failed(other, now, attempts=2)
        retrying(other, now)
    with connection.cursor() as cursor:
        for table in ("event", "delivery", "attempt"):
            cursor.execute(f"ANALYZE deliveries_{table}")
    dana = browser_of(acme)

    with statements() as found:
        response = dana.get(page(name, webhook), query)

    assert response.status_code == 200
    assert found.read_whole() == []
    assert index in found.indexes()
