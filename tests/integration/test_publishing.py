"""Publishing: one transaction with the caller, one delivery for each who wants it."""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deliveries.facts import Fact, InvalidData, InvalidEventId
from deliveries.models import Delivery, Event
from deliveries.publishing import publish_batch
from deliveries.statements import MAX_VALUES, execute
from deliveries.webhook_tests import publish_test
from subscriptions.catalogue import UnknownEventTypes
from subscriptions.models import Subsidiary, Webhook
from subscriptions.webhooks import delete_webhook
from tests.builders import make_tenant, make_webhook, publish_sample, sample_of


def fact(tenant, **overrides):
    wanted = {
        "subsidiary": tenant.subsidiaries.first(),
        "type": "tender.created",
        "data": sample_of("tender.created"),
    }
    return Fact(tenant=tenant, **wanted | overrides)


def nothing_was_stored():
    return not Event.objects.exists() and not Delivery.objects.exists()


# --- What is stored -----------------------------------------------------------------


def test_the_event_and_its_delivery_are_due_at_once(acme, webhook):
    before = timezone.now()

    publication = publish_sample(acme, entity_type="Tender", entity_id="t-1")

    event, delivery = Event.objects.get(), Delivery.objects.get()
    assert publication.event == event
    assert (publication.deliveries, publication.is_new) == (1, True)
    assert event.public_id.startswith("evt_")
    assert (event.entity_type, event.entity_id) == ("Tender", "t-1")
    assert before <= event.occurred_at == event.created_at <= timezone.now()
    assert (delivery.event, delivery.webhook) == (event, webhook)
    assert delivery.state == 0
    # SQLite tells the time to the millisecond.
    assert before - timedelta(milliseconds=1) <= delivery.due_at <= timezone.now()
    assert (delivery.order_key, delivery.attempts_made) == ("t-1", 0)


def test_an_event_that_nobody_wants_is_kept(acme):
    publication = publish_sample(acme)

    assert publication.deliveries == 0
    assert Event.objects.get() == publication.event


def test_without_order_there_is_no_key_to_wait_for(acme, webhook):
    acme.delivers_in_order = False

    publish_sample(acme, entity_id="t-1")

    assert Delivery.objects.get().order_key == ""
    assert Event.objects.get().entity_id == "t-1"


# --- The caller's transaction -------------------------------------------------------


def test_it_is_rolled_back_with_the_caller(acme, webhook):
    with transaction.atomic():
        publish_sample(acme)
        transaction.set_rollback(True)

    assert nothing_was_stored()


def test_the_bell_rings_after_the_commit(
    acme, webhook, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        publish_sample(acme)
        assert not callbacks

    assert "wake_workers" in [getattr(each, "__name__", "") for each in callbacks]


def test_after_a_refusal_the_caller_goes_on(acme, webhook):
    with transaction.atomic():
        with pytest.raises(InvalidData):
            publish_sample(acme, data={})
        publication = publish_sample(acme)

    assert Event.objects.get() == publication.event


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("events", [1, 2])
def test_an_event_is_not_stored_without_its_deliveries(events):
    acme = make_tenant("ACME")
    make_webhook(acme)
    batch = [fact(acme, entity_id="t-1") for _ in range(events)]
    table = "ALTER TABLE deliveries_delivery"

    execute(f"{table} ADD CONSTRAINT none_is_taken CHECK (false) NOT VALID")
    try:
        with pytest.raises(IntegrityError):
            publish_batch(batch)
    finally:
        execute(f"{table} DROP CONSTRAINT none_is_taken")

    assert nothing_was_stored()
    assert connection.get_autocommit()


# --- Refusals -----------------------------------------------------------------------


def test_an_unknown_type_is_refused(acme, webhook):
    with pytest.raises(UnknownEventTypes, match=r"^Unknown event type: no\.such\.$"):
        publish_batch([fact(acme), fact(acme, type="no.such")])

    assert nothing_was_stored()


def test_data_that_breaks_the_schema_is_refused(acme, webhook):
    with pytest.raises(InvalidData) as refusal:
        publish_sample(acme, data={})

    assert refusal.value.problems[0] == '$: "tenderId" is a required property'
    assert nothing_was_stored()


def test_a_batch_is_stored_whole_or_not_at_all(acme, webhook):
    with pytest.raises(InvalidData) as refusal:
        publish_batch([fact(acme), fact(acme), fact(acme, data={})])

    assert refusal.value.index == 2
    assert nothing_was_stored()


@pytest.mark.parametrize("event_id", ["a b", "ä", "x" * 129, "a\n", "a/b"])
def test_an_id_that_would_not_fit_a_header_is_refused(acme, webhook, event_id):
    with pytest.raises(InvalidEventId) as refusal:
        publish_sample(acme, id=event_id)

    assert str(refusal.value) == (
        f"{event_id!r} is not an event id: [A-Za-z0-9_:.-]{{1,128}}."
    )
    assert nothing_was_stored()


# --- Repeats ------------------------------------------------------------------------


def test_the_same_id_again_is_the_first_event(acme, webhook):
    first = publish_sample(acme, id="order-1")
    changed = sample_of("tender.created") | {"extra": 1}

    again = publish_sample(acme, id="order-1", data=changed)

    assert again.event == first.event
    assert (again.deliveries, again.is_new) == (1, False)
    assert Delivery.objects.count() == Event.objects.count() == 1
    assert bytes(Event.objects.get().body) == bytes(first.event.body)


def test_a_repeat_reaches_nobody_who_came_later(acme, webhook):
    publish_sample(acme, id="order-1")
    make_webhook(acme)

    assert publish_sample(acme, id="order-1").deliveries == 1
    assert Delivery.objects.get().webhook == webhook


def test_a_repeat_within_a_batch_is_stored_once(acme, webhook):
    one, two, other = publish_batch(
        [fact(acme, id="a"), fact(acme, id="a"), fact(acme, id="b")]
    )

    assert (one.is_new, two.is_new, other.is_new) == (True, False, True)
    assert two.event == one.event
    assert (one.deliveries, two.deliveries) == (1, 1)
    assert Delivery.objects.count() == 2


def test_ids_are_the_tenants_own(acme, globex):
    mine, theirs = (publish_sample(each, id="order-1") for each in (acme, globex))

    assert mine.is_new
    assert theirs.is_new
    assert mine.event != theirs.event


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_who_publish_one_id_at_once_store_one_event():
    acme = make_tenant("ACME")
    make_webhook(acme)
    barrier = threading.Barrier(2)
    found = []

    def publish_at_once():
        barrier.wait(timeout=5)
        found.append(publish_sample(acme, id="order-1"))
        connection.close()

    threads = [threading.Thread(target=publish_at_once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert sorted(each.is_new for each in found) == [False, True]
    assert {each.event for each in found} == {Event.objects.get()}
    assert {each.deliveries for each in found} == {1}
    assert Delivery.objects.count() == 1


# --- Fan-out ------------------------------------------------------------------------


def test_it_goes_to_each_active_webhook_that_wants_the_type(acme, webhook):
    other = make_webhook(acme)
    make_webhook(acme, events=["webhook.disabled"])

    assert publish_sample(acme).deliveries == 2

    assert {each.webhook for each in Delivery.objects.all()} == {webhook, other}


@pytest.mark.parametrize("status", [Webhook.Status.PENDING, Webhook.Status.DISABLED])
def test_it_goes_to_no_inactive_webhook(acme, status):
    make_webhook(acme, status=status)

    assert publish_sample(acme).deliveries == 0


def test_it_goes_to_no_deleted_webhook(acme, webhook):
    delete_webhook(webhook)

    assert publish_sample(acme).deliveries == 0


def test_it_stays_in_its_subsidiary(acme, webhook):
    west = Subsidiary.objects.create(tenant=acme, code="WEST", name="West")
    in_the_west = make_webhook(acme, subsidiary=west)

    publish_sample(acme, subsidiary=west)

    assert Delivery.objects.get().webhook == in_the_west


def test_it_stays_with_its_tenant(acme, globex, webhook):
    make_webhook(globex)

    publish_sample(acme)

    assert Delivery.objects.get().webhook == webhook


# --- Ids that we make ----------------------------------------------------------------


DOCUMENT = sample_of("load.document.uploaded")["document"]["id"]
LOAD = sample_of("load.changed")["load"]["id"]
TRIP = sample_of("trip.changed")["trip"]["id"]
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.mark.parametrize(
    ("event_type", "pattern"),
    [
        ("load.changed", f"{LOAD}-{UUID}-0"),
        ("load.status.changed", f"{LOAD}-{UUID}-1"),
        ("trip.changed", f"{TRIP}-{UUID}-0"),
        ("trip.status.changed", f"{TRIP}-{UUID}-1"),
        ("load.document.uploaded", f"{DOCUMENT}-{UUID}"),
        ("tender.created", "evt_[a-z0-9]+"),
    ],
)
def test_an_id_says_what_its_type_says(acme, event_type, pattern):
    event_id = publish_sample(acme, event_type).event.public_id

    assert re.fullmatch(pattern, event_id)


@pytest.mark.parametrize(
    ("event_type", "data", "pattern"),
    [
        (
            "load.status.changed",
            {"previousStatus": "A", "status": "B", "load": None},
            "evt_[a-z0-9]+-1",
        ),
        ("load.changed", {"load": {"id": "a b"}}, "evt_[a-z0-9]+-0"),
        (
            "load.document.deleted",
            {"loadNumber": "1", "document": {"id": "x" * 128}},
            "evt_[a-z0-9]+",
        ),
    ],
)
def test_a_subject_that_no_id_can_hold_is_left_out(acme, event_type, data, pattern):
    event_id = publish_sample(acme, event_type, data=data).event.public_id

    assert re.fullmatch(pattern, event_id)


def test_the_etag_of_a_document_is_what_its_id_ends_with(acme):
    event = publish_sample(acme, "load.document.uploaded").event

    assert event.public_id == f"{DOCUMENT}-{json.loads(event.body)['etag']}"


# --- Cost ---------------------------------------------------------------------------


def test_the_number_of_webhooks_costs_no_query(
    acme, in_statements, django_assert_num_queries
):
    for count in (1, 50):
        while Webhook.objects.count() < count:
            make_webhook(acme)
        one = fact(acme, entity_id="t-1")
        # Who wants them.
        with django_assert_num_queries(1 + in_statements):
            [publication] = publish_batch([one])

        assert publication.deliveries == count


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("events", [1, 2])
def test_what_is_one_statement_takes_no_transaction_around_it(in_statements, events):
    acme = make_tenant("ACME")
    make_webhook(acme)
    batch = [fact(acme, entity_id="t-1") for _ in range(events)]

    with CaptureQueriesContext(connection) as queries:
        publish_batch(batch)

    has_begun = any(query["sql"].startswith("BEGIN") for query in queries)
    assert has_begun == (max(in_statements, events) > 1)
    assert Delivery.objects.count() == events


def test_the_size_of_a_batch_costs_no_query(
    acme, webhook, in_statements, django_assert_num_queries
):
    batch = [fact(acme, entity_id=f"t-{number}") for number in range(200)]

    with django_assert_num_queries(1 + in_statements):
        publish_batch(batch)

    assert Delivery.objects.count() == 200


def test_a_batch_that_is_sent_again_costs_two_more(
    acme, webhook, django_assert_num_queries
):
    batch = [fact(acme, id=f"order-{number}") for number in range(200)]
    publish_batch(batch)

    # Who wants them, none of them inserted, what was, and its deliveries.
    with django_assert_num_queries(4):
        again = publish_batch(batch)

    assert {(each.deliveries, each.is_new) for each in again} == {(1, False)}


def test_many_deliveries_go_into_several_statements(acme, webhook):
    for _ in range(9):
        make_webhook(acme)

    batch = publish_batch([fact(acme) for _ in range(800)])

    assert {each.deliveries for each in batch} == {10}
    assert Delivery.objects.count() == 8000 > MAX_VALUES // 4


# --- The log ------------------------------------------------------------------------


def lines_of(caplog, batch, capture):
    caplog.set_level("INFO", logger="deliveries.publications")
    with capture(execute=True):
        publish_batch(batch)
    return [each for each in caplog.records if each.name == "deliveries.publications"]


def test_each_of_a_few_events_has_a_line(
    acme, webhook, caplog, django_capture_on_commit_callbacks
):
    batch = [fact(acme, id=f"order-{number}") for number in range(10)]

    lines = lines_of(caplog, batch, django_capture_on_commit_callbacks)

    assert {line.msg for line in lines} == {"event.published"}
    assert [line.event for line in lines] == [each.id for each in batch]


def test_many_events_share_a_line(
    acme, webhook, caplog, django_capture_on_commit_callbacks
):
    publish_sample(acme, id="order-0")
    batch = [fact(acme, id=f"order-{number}") for number in range(12)]

    [line] = lines_of(caplog, batch, django_capture_on_commit_callbacks)

    assert (line.msg, line.count, line.deliveries) == ("events.published", 11, 11)
    assert (line.first, line.last, line.tenants) == ("order-1", "order-11", "ACME")


# --- Order --------------------------------------------------------------------------


def test_deliveries_stand_in_the_order_of_the_batch(acme, webhook):
    batch = publish_batch([fact(acme, entity_id="t-1") for _ in range(5)])

    events = [each.event for each in Delivery.objects.order_by("id")]
    assert events == [each.event for each in batch]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_rows_of_an_entity_stand_in_the_order_of_commits():
    acme = make_tenant("ACME")
    make_webhook(acme)
    has_published, may_commit = threading.Event(), threading.Event()

    def publish_slowly():
        with transaction.atomic():
            publish_sample(acme, id="first", entity_id="t-1")
            has_published.set()
            may_commit.wait(timeout=5)
        connection.close()

    def publish_after():
        publish_sample(acme, id="second", entity_id="t-1")
        connection.close()

    slow, after = (threading.Thread(target=t) for t in (publish_slowly, publish_after))
    slow.start()
    has_published.wait(timeout=5)
    after.start()
    after.join(timeout=0.3)
    assert after.is_alive()
    assert nothing_was_stored()

    publish_sample(acme, id="other", entity_id="t-2")
    may_commit.set()
    slow.join(timeout=5)
    after.join(timeout=5)

    of_entity = Delivery.objects.filter(order_key="t-1").order_by("id")
    assert [each.event.public_id for each in of_entity] == ["first", "second"]


# --- Tests --------------------------------------------------------------------------


def test_a_test_waits_for_nothing_and_belongs_to_its_webhook(acme, webhook):
    make_webhook(acme)

    delivery = publish_test(webhook, event_type="tender.created")

    assert Delivery.objects.get() == delivery
    assert (delivery.is_test, delivery.event.is_test) == (True, True)
    assert (delivery.webhook, delivery.order_key) == (webhook, "")


def test_a_test_of_an_unknown_type_is_refused(webhook):
    with pytest.raises(UnknownEventTypes):
        publish_test(webhook, event_type="no.such")

    assert nothing_was_stored()


def test_tests_of_a_minute_ago_are_forgotten(webhook):
    for _ in range(10):
        publish_test(webhook, event_type="webhook.test")
    Delivery.objects.update(created_at=timezone.now() - timedelta(seconds=60))

    publish_test(webhook, event_type="webhook.test")

    assert Delivery.objects.count() == 11
