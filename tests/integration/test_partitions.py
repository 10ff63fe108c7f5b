"""The script that makes attempts a partitioned table, and what holds afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from deliveries.conf import get_conf
from deliveries.logs import Criteria, DeliveryLog, health_of
from deliveries.models import Attempt, Delivery, Event, Rollup
from deliveries.retention.periods import periods
from deliveries.retention.purging import purge
from deliveries.statements import execute, insert_unless_present
from tests.builders import make_attempt, make_delivery, make_event
from tests.processes import ROOT

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

SCRIPT = ROOT / "docs" / "deploy" / "partition_attempts.sql"
OLD = timedelta(days=40)


def attempted(webhook, *, age=timedelta()):
    at = timezone.now() - age
    event = make_event(webhook.tenant, created_at=at)
    delivery = make_delivery(
        webhook, event=event, state=Delivery.State.SUCCEEDED, ended_at=at
    )
    return make_attempt(delivery, started_at=at)


@pytest.fixture
def partitioned(webhook):
    """Of the attempts one was there before; returns that, and one of afterwards."""
    before = attempted(webhook, age=OLD)
    edge = before.delivery_id + 1
    sql = SCRIPT.read_text().replace(":edge", f"{edge}").replace(":next", f"{edge + 9}")
    # The test's own transaction takes the place of that in the script.
    for word in ("BEGIN;", "COMMIT;", " CONCURRENTLY"):
        assert word in sql
        sql = sql.replace(word, "")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql)
    return before, attempted(webhook)


def partition_of(attempt):
    sql = "SELECT tableoid::regclass::text FROM deliveries_attempt WHERE id = %s"
    return execute(sql, [attempt.pk])[0][0].removeprefix("deliveries_attempt_")


def test_each_row_stands_in_its_partition(partitioned, webhook):
    far = [attempted(webhook) for _ in range(9)][-1]

    found = [partition_of(each) for each in (*partitioned, far)]

    assert found == ["before", "next", "rest"]


def test_an_attempt_is_still_recorded_once(partitioned):
    for attempt in partitioned:
        row = {
            field.column: getattr(attempt, field.attname)
            for field in Attempt._meta.concrete_fields
            if not field.primary_key
        }
        again = [row | {"started_at": attempt.started_at + timedelta(seconds=1)}]

        assert insert_unless_present(Attempt, again, returning="id") == []

    assert Attempt.objects.count() == 2


def test_log_and_health_read_all_partitions(partitioned, webhook):
    now = timezone.now()

    assert DeliveryLog(webhook, Criteria()).count() == 2
    assert health_of(webhook, days=1, now=now).metrics.total == 1


def test_a_purge_deletes_from_partitions(partitioned):
    _, kept = partitioned

    purge(periods(get_conf(), now=timezone.now()), patience=OLD)

    assert list(Attempt.objects.all()) == [kept]
    assert list(Delivery.objects.all()) == [kept.delivery]


def test_a_partition_is_dropped_and_the_rest_follows(partitioned):
    _, kept = partitioned

    execute("DROP TABLE deliveries_attempt_before")
    call_command("rebuild_rollups")
    purge(periods(get_conf(), now=timezone.now()), patience=OLD)

    assert list(Delivery.objects.all()) == [kept.delivery]
    assert list(Event.objects.all()) == [kept.delivery.event]
    assert Rollup.objects.count() == 1
