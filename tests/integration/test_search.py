"""What the log can be searched for, before and after payloads are indexed."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django_q.models import OrmQ

from deliveries import queue, tasks
from deliveries.logs import Criteria, DeliveryLog
from deliveries.models import Delivery, Event, EventText, PayloadIndex, log_id
from deliveries.payload_index import BATCH, forget_payloads, index_payloads
from tests.builders import make_attempt, make_delivery, make_event, make_webhook
from tests.horizon import wait_for_next_look

pytestmark = pytest.mark.django_db(transaction=True)

LONG = timedelta(minutes=1)
NONE = timedelta(0)


def nothing():
    """Payloads are too new to be indexed."""


def index_twice():
    """The first look sees what is there, the second that it is safe."""
    for _ in range(2):
        wait_for_next_look()
        assert index_payloads(patience=LONG)


@pytest.fixture(params=[nothing, index_twice], ids=["not indexed", "indexed"])
def then(request):
    return request.param


def found(webhook, text):
    return [e.id for e in DeliveryLog(webhook, Criteria(search=text))[0:50]]


def delivered(webhook, **event):
    made = {"state": Delivery.State.SUCCEEDED, "attempts_made": 1}
    event = make_event(webhook.tenant, **event)
    return make_attempt(make_delivery(webhook, event=event, **made))


@pytest.mark.parametrize(
    "text",
    [
        "evt-4711",
        "evt-47",
        "T-99",
        "Load 99/7",
        "oad 99",
        "LOAD 99",
        '"driver":',
        "100%",
        "a_b",
        "it's",
        "back\\\\slash",
        "中文字",
    ],
)
def test_an_event_is_found_by_its_ids_and_by_its_payload(webhook, then, text):
    body = (
        '{"id":"evt-4711","driver":"Load 99/7","x":"100%","y":"a_b",'
        '"z":"it\'s back\\\\slash 中文字"}'
    )
    wanted = delivered(
        webhook, public_id="evt-4711", entity_id="T-99", body=body.encode()
    )
    waiting = make_delivery(webhook, event=wanted.delivery.event, is_replay=True)
    # What LIKE would take for a pattern.
    delivered(webhook, public_id="evt-1", body=b'{"x":"100 a-b","y":"axb"}')
    then()

    assert set(found(webhook, text)) == {wanted.public_id, log_id(waiting, 1)}
    assert DeliveryLog(webhook, Criteria(search=text)).count() == 2


@pytest.mark.parametrize("text", ["nowhere", "evt-4712", '"', "%%%", "___", "***"])
def test_what_nothing_says_finds_nothing(webhook, then, text):
    delivered(webhook, public_id="evt-4711", body=b"{'a':1}")
    then()

    assert found(webhook, text) == []


@pytest.mark.parametrize("length", [3, 10, 29, 30, -2, 100])
def test_a_delivery_is_found_by_its_id_or_how_it_begins(webhook, then, length):
    attempt = delivered(webhook)
    then()

    assert found(webhook, attempt.delivery.public_id[:length]) == (
        [attempt.public_id] if length != 3 else []
    )
    assert found(webhook, attempt.public_id[:length]) == (
        [attempt.public_id] if length != 3 else []
    )


def test_ids_are_told_apart_to_their_last_digit(webhook):
    first, second = (delivered(webhook) for _ in range(2))

    assert found(webhook, first.delivery.public_id) == [first.public_id]
    assert found(webhook, second.delivery.public_id.upper()) == [second.public_id]


def test_a_whole_id_of_an_event_finds_it_whatever_payloads_say(webhook):
    wanted = delivered(webhook, public_id="evt_" + 26 * "a", body=b"{}")
    naming_it = b'{"Cause":"evt_' + 26 * b"a" + b'"}'
    delivered(webhook, public_id="evt_" + 26 * "b", body=naming_it)

    assert found(webhook, "evt_" + 26 * "a") == [wanted.public_id]
    assert found(webhook, "EVT_" + 26 * "A") == [wanted.public_id]


def test_a_whole_id_of_an_entry_finds_that_attempt_alone(webhook):
    first = delivered(webhook)
    second = make_attempt(first.delivery)
    pending = make_delivery(webhook)

    assert found(webhook, first.public_id) == [first.public_id]
    assert found(webhook, second.public_id) == [second.public_id]
    assert set(found(webhook, first.public_id[:-2])) == {
        first.public_id,
        second.public_id,
    }
    assert found(webhook, log_id(pending, 1)) == [log_id(pending, 1)]


def test_what_only_the_form_with_previous_attributes_says_is_found(webhook, then):
    both = {"body": b'{"a":"new"}', "body_with_previous": b'{"a":"new","p":"former"}'}
    attempt = delivered(webhook, **both)
    then()

    assert found(webhook, "former") == [attempt.public_id]


def test_a_search_is_narrowed_further_by_the_other_filters(webhook, then):
    failed, _ = (delivered(webhook, entity_id="T-99") for _ in range(2))
    type(failed).objects.filter(pk=failed.pk).update(status="failed")
    then()

    log = DeliveryLog(webhook, Criteria(search="T-99", statuses=["failed"]))

    assert [entry.id for entry in log[0:10]] == [failed.public_id]


def test_nothing_of_another_webhook_or_tenant_is_found(acme, globex, webhook, then):
    others = [
        delivered(make_webhook(each), entity_id="T-99") for each in (acme, globex)
    ]
    then()

    for other in others:
        for text in ("T-99", other.public_id, other.delivery.public_id):
            assert found(webhook, text) == []


def test_payloads_are_indexed_by_and_by_and_searched_meanwhile(webhook):
    attempts = [delivered(webhook) for _ in range(BATCH + 1)]
    while not EventText.objects.exists():
        index_payloads(patience=NONE)

    assert EventText.objects.count() == BATCH
    log = DeliveryLog(webhook, Criteria(search='"version"'))
    assert {entry.id for entry in log[0:500]} == {a.public_id for a in attempts}

    index_twice()
    assert EventText.objects.count() == BATCH + 1


def test_a_worker_that_is_told_to_stop_indexes_no_further(webhook):
    for _ in range(BATCH + 1):
        make_event(webhook.tenant)
    wait_for_next_look()
    index_payloads(patience=NONE, is_told_to_stop=lambda: True)
    wait_for_next_look()

    assert not index_payloads(patience=LONG, is_told_to_stop=lambda: True)


def test_indexing_twice_indexes_once(webhook):
    delivered(webhook, entity_id="T-99")

    index_twice()
    index_twice()

    assert EventText.objects.count() == 1
    assert PayloadIndex.objects.get().reaches_to == Event.objects.get().pk


def test_an_index_that_lost_its_note_fills_what_is_missing(webhook):
    attempt = delivered(webhook, entity_id="T-99")
    index_twice()
    PayloadIndex.objects.update(reaches_to=0)

    index_twice()

    assert found(webhook, "T-99") == [attempt.public_id]
    assert EventText.objects.count() == 1


def test_the_texts_of_events_that_expired_are_forgotten(webhook):
    old, _ = (make_event(webhook.tenant, entity_id=f"T-{n}99") for n in range(2))
    index_twice()
    Event.objects.filter(pk=old.pk).delete()

    index_payloads(patience=LONG)

    (text,) = EventText.objects.all()
    assert text.text.startswith("T-199\n")


def test_who_deletes_an_event_has_its_text_forgotten_at_once(webhook):
    kept, gone = (delivered(webhook, entity_id="T-99") for _ in range(2))
    index_twice()

    forget_payloads([gone.delivery.event.pk])

    assert [text.pk for text in EventText.objects.all()] == [kept.delivery.event.pk]
    assert found(webhook, "T-99") == [kept.public_id]


@pytest.mark.postgresql
def test_an_event_that_commits_late_is_indexed_too(webhook):
    """Its id is lower than those that were there when payloads were indexed."""
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("SELECT nextval('deliveries_event_id_seq')")
        (early,) = cursor.fetchone()
        cursor.execute("SELECT pg_current_xact_id()")
    delivered(webhook, entity_id="T-1")
    index_twice()
    assert EventText.objects.count() == 0

    other.rollback()
    other.close()
    late = make_event(webhook.tenant, pk=early, entity_id="late")
    index_twice()

    assert set(EventText.objects.values_list("event", flat=True)) == set(
        Event.objects.values_list("pk", flat=True)
    )
    assert late.pk < Event.objects.exclude(pk=late.pk).get().pk


def tasks_waiting():
    return sorted(waiting.func() for waiting in OrmQ.objects.all())


def test_the_sweep_has_payloads_indexed_unless_that_is_switched_off(settings):
    settings.WEBHOOKS_INDEX_PAYLOADS = False
    tasks.sweep()
    assert tasks_waiting() == [queue.DRAIN]

    settings.WEBHOOKS_INDEX_PAYLOADS = True
    tasks.sweep()
    assert tasks_waiting() == [queue.DRAIN, queue.INDEX]


def test_the_task_indexes_aside_and_rings(webhook):
    delivered(webhook, entity_id="T-99")
    for _ in range(2):
        wait_for_next_look()
        tasks.index()
        for thread in threading.enumerate():
            if thread.name == "index":
                thread.join()

    assert EventText.objects.count() == 1
    assert tasks_waiting() == [queue.DRAIN]
