"""Where PostgreSQL has no pg_trgm for us, the log is searched all the same."""

from __future__ import annotations

import logging
from importlib import import_module

import pytest
from django.db import connection

from deliveries.logs import Criteria, DeliveryLog
from deliveries.models import Delivery, EventText, PayloadIndex
from tests.builders import make_attempt, make_delivery, make_event
from tests.processes import ROOT

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

INDEXES = "SELECT indexname FROM pg_indexes WHERE tablename = 'deliveries_eventtext'"


@pytest.fixture
def migration():
    folder = ROOT / "deliveries" / "migrations"
    (path,) = folder.glob("*_search_payloads.py")
    return import_module(f"deliveries.migrations.{path.stem}")


def execute(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return {name for (name,) in cursor.fetchall()} if cursor.description else None


@pytest.fixture
def as_somebody_who_may_not(db):
    execute(
        "DROP EXTENSION pg_trgm CASCADE",
        "CREATE ROLE somebody",
        "SET LOCAL ROLE somebody",
    )


def test_the_migration_goes_on_without_it(as_somebody_who_may_not, migration, caplog):
    with caplog.at_level(logging.WARNING):
        migration.build(None, connection.schema_editor())

    (record,) = caplog.records
    assert record.message == "search.unindexed"
    assert record.reason == 'permission denied to create extension "pg_trgm"'


def test_the_log_is_searched_all_the_same(webhook, as_somebody_who_may_not):
    execute("RESET ROLE")
    assert "event_text_trigrams" not in execute(INDEXES)
    made = {"state": Delivery.State.SUCCEEDED, "attempts_made": 1}
    event = make_event(webhook.tenant, entity_id="T-99")
    attempt = make_attempt(make_delivery(webhook, event=event, **made))
    EventText.objects.create(event=event, tenant=event.tenant, text="T-99\n{}")
    PayloadIndex.objects.create(pk=1, reaches_to=event.pk)

    found = DeliveryLog(webhook, Criteria(search="t-99"))[0:10]

    assert [entry.id for entry in found] == [attempt.public_id]


def test_the_index_can_be_built_later(as_somebody_who_may_not, migration):
    execute("RESET ROLE")

    migration.build(None, connection.schema_editor())

    assert "event_text_trigrams" in execute(INDEXES)
