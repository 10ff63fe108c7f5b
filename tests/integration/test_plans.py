"""Every query of the hot path finds its rows by an index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from deliveries.conf import get_conf
from deliveries.engine.acknowledging import stop_overdue
from deliveries.engine.backlog import busy_webhooks
from deliveries.engine.claiming import Limits, claim
from deliveries.logs import Criteria, DeliveryLog, health_of
from deliveries.logs.cursors import write_cursor
from deliveries.logs.export import exported
from deliveries.logs.walking import Position
from deliveries.models import Delivery, Event, EventText, PayloadIndex
from deliveries.polling import Wanted, read_events
from deliveries.recovery import Order, go_on, start_recovery
from subscriptions.identifiers import new_uid
from subscriptions.profiles import Unacknowledged
from tests.bench.operations import Engine, choose_cast
from tests.bench.plans import statements
from tests.builders import make_delivery, make_event, make_tenant, make_webhook
from tests.profiles import make_profile, make_webhook_of

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

LOG = "attempt_log_counted"
SIZE = 1024
BY_ID = "deliveries_delivery_pkey"
FIELDS = ("tenant_id", "subsidiary_id", "type", "occurred_at", "body", "created_at")


@pytest.fixture
def cast():
    """Whose log is read: Acme's and Globex's. Who publishes: a third."""
    for code in ("ACME", "GLOBEX", "INITECH"):
        make_webhook(make_tenant(code))
    return choose_cast()


@pytest.fixture(autouse=True)
def as_if_tables_were_long(db):
    """So few rows would rather be read from end to end."""
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        yield
        cursor.execute("RESET enable_seqscan")


def test_no_step_of_the_engine_reads_a_whole_table(cast):
    many_deliveries(make_delivery(cast.average, state=Delivery.State.SUCCEEDED))
    used = {}
    for step, run in Engine(cast.publisher).steps().items():
        with statements() as found:
            run()
        used[step] = set(found.indexes())
        assert found.read_whole() == [], step

    assert used["look for due work"] == {"delivery_due", "delivery_test_due"}
    assert used["claim 30"] >= {"delivery_due", "delivery_leased", BY_ID}
    assert BY_ID in used["record 30"]


def test_a_lease_finds_its_rows_by_id_though_statistics_know_of_none(cast):
    """Statistics from before a backlog think that the index of what is due is empty."""
    analyze("deliveries_delivery")
    engine = Engine(cast.publisher).steps()
    engine["publish 6 events to 5 webhooks"]()
    engine["look for due work"]()

    with statements() as found:
        engine["claim 30"]()

    (lease,) = [each for each in found.planned if "claim_number + 1" in each[0]]
    found.executed = [lease]
    assert found.indexes() == [BY_ID]


@pytest.mark.parametrize(
    ("narrowed", "index"),
    [
        ({}, LOG),
        ({"statuses": ["failed", "timeout"]}, LOG),
        ({"since": datetime(2026, 11, 1, tzinfo=UTC)}, LOG),
        ({"event_types": ["tender.created"]}, LOG),
        (
            {
                "statuses": ["failed", "timeout"],
                "event_types": ["tender.created"],
                "since": datetime(2026, 11, 1, tzinfo=UTC),
                "until": datetime(2026, 12, 1, tzinfo=UTC),
            },
            LOG,
        ),
        ({"event_id": "evt_1"}, "event_id_per_tenant"),
        ({"entity_id": "other-1"}, "event_of_entity_in_order"),
        ({"search": "dlv_06gvqaqkopucn7fhu4krend8k8"}, "deliveries_delivery_uid_key"),
        ({"search": "log_06gvqaqkopucn7fhu4krend8"}, "deliveries_delivery_uid_key"),
        ({"search": "other-77"}, "event_text_trigrams"),
        ({"search": "other-77", "statuses": ["failed"]}, "event_text_trigrams"),
    ],
    ids=[
        "all",
        "by status",
        "by date",
        "by type",
        "by status, type and date",
        "of an event",
        "of an entity",
        "by a delivery's id",
        "by how an entry's id begins",
        "by a text",
        "by a text and status",
    ],
)
def test_a_page_of_the_log_is_counted_and_found_in_an_index(cast, narrowed, index):
    many_events(cast.average)

    with statements() as found:
        log = DeliveryLog(cast.average, Criteria(**narrowed))
        log.count()
        log.facets()
        log[0:50]

    assert found.read_whole() == []
    assert index in found.indexes()


@pytest.mark.parametrize(
    "narrowed",
    [{}, {"statuses": ["failed", "timeout"]}, {"search": "other-77"}],
    ids=["all", "by status", "by a text"],
)
def test_what_follows_a_cursor_is_found_in_the_index(cast, narrowed):
    many_events(cast.average)
    log = DeliveryLog(cast.average, Criteria(**narrowed))
    first = DeliveryLog(cast.average, Criteria()).page(slice(0, 1)).entries[0]
    place = Position(first.timestamp, "attempt", first.attempt.pk)
    of = {"webhook": cast.average, "criteria": Criteria(**narrowed)}

    with statements() as found:
        log.page_after(write_cursor(place, **of), size=50)

    assert found.read_whole() == []
    if "search" not in narrowed:
        assert LOG in found.indexes()


def test_each_batch_of_an_export_is_found_in_the_index(cast):
    many_events(cast.average)
    batches = exported([cast.average], Criteria(), batch=10)
    next(batches)

    with statements() as found:
        next(batches)

    assert found.read_whole() == []
    assert LOG in found.indexes()


def many_events(webhook):
    """So many that the ways to find one differ in cost."""
    event = make_event(webhook.tenant)
    names = [f"other-{number}" for number in range(1000)]
    others = [{"pk": None, "public_id": each, "entity_id": each} for each in names]
    fields = {name: vars(event)[name] for name in FIELDS}
    made = Event.objects.bulk_create(Event(**(fields | other)) for other in others)
    EventText.objects.bulk_create(
        EventText(
            event=each, tenant=each.tenant, text=f"{each.entity_id}\n" + "x" * SIZE
        )
        for each in made
    )
    PayloadIndex.objects.create(pk=1, reaches_to=made[-1].pk)
    for table in ("event", "eventtext", "delivery", "attempt"):
        analyze(f"deliveries_{table}")
    # What waits to enter the index is read from end to end, also what other tests left
    # there: so much that the planner might rather do without it.
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('event_text_trigrams')")


def many_deliveries(delivery):
    """So many like it that an index over all of them costs more than looking up a few.

    In a small one PostgreSQL also finds rows by a column that stands last.
    """
    of_event = {name: getattr(delivery.event, name) for name in FIELDS}
    events = Event.objects.bulk_create(
        Event(**of_event, public_id=f"evt-{number}") for number in range(1000)
    )
    names = ("webhook_id", "state", "due_at", "attempts_made", "retries_yield")
    like_it = {n: getattr(delivery, n) for n in (*names, "created_at", "ended_at")}
    Delivery.objects.bulk_create(
        Delivery(**like_it, uid=new_uid(), event=each) for each in events
    )
    analyze("deliveries_delivery")


def analyze(table):
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {table}")


def test_health_is_counted_within_the_index(cast):
    with statements() as found:
        health_of(cast.average, days=7, now=timezone.now())

    assert found.read_whole() == []
    rollups = {"one_daily_rollup_per_day", "rollup_of_webhook"}
    assert rollups <= {node.get("Index Name") for node in found.nodes()}
    counting = [n for n in found.nodes() if n.get("Index Name") == LOG]
    assert {node["Node Type"] for node in counting} == {"Index Only Scan"}


# --- Polling and recovery -----------------------------------------------------------


def test_first_attempts_are_found_behind_any_backlog_of_retries(speak):
    profile = speak(make_profile("post", firsts_before_retries=True))
    webhook = make_webhook_of(profile, make_tenant("ACME"))
    many_deliveries(make_delivery(webhook, attempts_made=1, retries_yield=True))
    now = timezone.now()
    limits = Limits(lambda _: 4, lambda _: 4, get_conf().lease)

    with statements() as found:
        claim(busy_webhooks(), limits=limits, now=now)

    assert found.read_whole() == []
    assert "delivery_first_due" in found.indexes()


def test_what_is_too_old_is_found_in_an_index(speak):
    rule = Unacknowledged(timedelta(hours=48))
    speak(make_profile("post", stop_rule=rule))

    with statements() as found:
        stop_overdue(get_conf(), now=timezone.now())

    assert found.read_whole() == []
    assert found.indexes() == ["delivery_unacknowledged"]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "event_in_commit_order"),
        ({"types": ["tender.created"]}, "event_in_commit_order"),
        ({"entity_id": "other-7"}, "event_of_entity_in_order"),
        ({"since": datetime(2026, 11, 1, tzinfo=UTC)}, "event_by_time"),
    ],
    ids=["all", "by type", "of an entity", "since"],
)
def test_a_page_of_events_is_found_in_an_index(cast, wanted, index):
    many_events(cast.average)

    with statements() as found:
        read_events(cast.average.tenant, Wanted(**wanted), cursor="", limit=100)

    assert found.read_whole() == []
    assert index in found.indexes()
    # No page is sorted: its order is that of the index.
    assert "Sort" not in {n["Node Type"] for n in found.nodes()} or "since" in wanted


def test_metrics_read_no_table_that_grows(cast, client):
    many_events(cast.average)

    with statements() as found:
        assert client.get("/metrics").status_code == 200

    assert found.read_whole() == []


def test_a_recovery_reads_no_table_whole(cast):
    many_events(cast.average)
    order = Order(since=datetime(2026, 11, 1, tzinfo=UTC), include_missed=True)

    with statements() as found:
        start_recovery(cast.average, order, created_by="test", now=timezone.now())
        go_on(rate=0, is_over=lambda: False)

    assert found.read_whole() == []
    # Which of its other indexes it takes depends on statistics, of so few rows.
    assert "delivery_of_recovery" in found.indexes()
