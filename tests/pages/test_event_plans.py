"""No list of events reads a table that grows from end to end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.bench.plans import statements
from tests.builders import make_event, make_webhook
from tests.pages.conftest import address
from tests.pages.delivery_cast import delivered

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

BY_TIME, OF_TYPE = "event_by_time", "event_of_type"
OF_ENTITY = "event_of_entity_in_order"
FATES = "an_event_goes_to_a_webhook_once", "deliveries_delivery_event_id_"


@pytest.fixture(autouse=True)
def as_if_tables_were_long(db):
    """So few rows would rather be read from end to end."""
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        yield
        cursor.execute("RESET enable_seqscan")


@pytest.fixture
def events(acme, globex):
    now = timezone.now()
    for tenant in (acme, globex):
        webhook = make_webhook(tenant)
        for number in range(200):
            at = now - timedelta(minutes=200 - number)
            rare = {"type": "load.changed"} if number % 20 == 0 else {}
            event = make_event(
                tenant, created_at=at, entity_id=f"T-{number % 50}", **rare
            )
            delivered(webhook, at, event=event)
    with connection.cursor() as cursor:
        for table in ("event", "delivery", "eventtext"):
            cursor.execute(f"ANALYZE deliveries_{table}")
    return now


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, BY_TIME),
        ({"from": "2026-01-01"}, BY_TIME),
        ({"event": "load.changed"}, OF_TYPE),
        ({"entity": "T-7"}, OF_ENTITY),
        ({"q": "evt_" + 26 * "0"}, "event_id_per_tenant"),
    ],
)
def test_a_page_finds_its_rows_by_an_index(admin, events, query, index):
    with statements() as found:
        response = admin.get(address("published_events", **query))

    assert response.status_code == 200
    assert found.read_whole() == []
    assert index in found.indexes()


def test_two_filters_read_no_table_whole_either(admin, events):
    asked = address("published_events", event="load.changed", **{"from": "2026-01-01"})

    with statements() as found:
        response = admin.get(asked)

    assert len(response.context["rows"]) == 10
    assert found.read_whole() == []


@pytest.mark.parametrize("query", [{}, {"tenant": "ACME"}, {"event": "load.changed"}])
def test_the_support_reads_no_table_whole(support, events, query):
    with statements() as found:
        response = support.get(address("published_events", **query))

    assert response.context["rows"]
    assert found.read_whole() == []


def test_what_became_of_them_is_found_by_their_index(admin, events):
    with statements() as found:
        response = admin.get(address("published_events"))

    assert response.context["rows"][0].fates
    assert any(each.startswith(FATES) for each in found.indexes())
