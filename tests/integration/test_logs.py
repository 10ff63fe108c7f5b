"""The log of a webhook: what is an entry, in which order, counted and found."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from deliveries.logs import (
    Criteria,
    DeliveryLog,
    FacetValue,
    find_entry,
    find_event,
)
from deliveries.models import Delivery, log_id
from tests.builders import make_attempt, make_delivery, make_event, make_webhook

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def log_of(webhook, **criteria):
    return DeliveryLog(webhook, Criteria(**criteria))


def ids(webhook, **criteria):
    return [entry.id for entry in log_of(webhook, **criteria)[0:100]]


def finished(webhook, **overrides):
    overrides = {"state": Delivery.State.SUCCEEDED, "claim_number": 1} | overrides
    return make_delivery(webhook, attempts_made=1, **overrides)


@contextmanager
def at_query(number, act):
    """Let *act* happen before a query, counted from 0: what others commit meanwhile."""
    left = iter(range(number, -1, -1))

    def counting(execute, *query):
        if next(left, None) == 0:
            act()
        return execute(*query)

    with connection.execute_wrapper(counting):
        yield


def attempt_now(delivery):
    make_attempt(delivery)
    done = {"state": Delivery.State.SUCCEEDED, "ended_at": NOON, "due_at": None}
    Delivery.objects.filter(pk=delivery.pk).update(
        claim_number=1, attempts_made=1, **done
    )


def test_an_entry_is_an_attempt_or_a_delivery_that_waits_for_its_first(webhook):
    delivered = finished(webhook, created_at=NOON)
    make_attempt(delivered, started_at=NOON)
    waiting = make_delivery(webhook, created_at=NOON + MINUTE)

    entries = log_of(webhook)[0:10]

    assert [(e.delivery, e.status) for e in entries] == [
        (waiting, "pending"),
        (delivered, "success"),
    ]


def test_each_attempt_of_a_delivery_has_its_entry_and_the_delivery_none(webhook):
    delivery = make_delivery(webhook, attempts_made=2, claim_number=2)
    first = make_attempt(delivery, status="failed", started_at=NOON)
    second = make_attempt(delivery, status="timeout", started_at=NOON + MINUTE)

    assert ids(webhook) == [second.public_id, first.public_id]


def test_a_delivery_behind_another_of_its_entity_is_pending_without_a_plan(webhook):
    make_delivery(webhook, state=Delivery.State.WAITING, order_key="T-1")

    [entry] = log_of(webhook)[0:10]

    assert (entry.status, entry.next_attempt_at) == ("pending", None)


def test_a_pending_entry_has_the_id_of_the_attempt_to_come(webhook):
    delivery = make_delivery(webhook, claim_number=2)

    assert ids(webhook) == [log_id(delivery, 3)]


def test_while_a_worker_sends_the_entry_has_the_id_of_the_attempt_under_way(webhook):
    lease_end = NOON + MINUTE
    delivery = make_delivery(webhook, claim_number=2, is_leased=True, due_at=lease_end)

    [entry] = log_of(webhook)[0:10]

    assert (entry.id, entry.next_attempt_at) == (log_id(delivery, 2), None)


def test_the_newest_come_first_whatever_they_are(webhook):
    waiting = make_delivery(webhook, created_at=NOON + MINUTE)
    old = make_attempt(finished(webhook), started_at=NOON)
    new = make_attempt(finished(webhook), started_at=NOON + 2 * MINUTE)

    assert ids(webhook) == [new.public_id, log_id(waiting, 1), old.public_id]


def test_entries_of_the_same_moment_keep_one_order_over_the_pages(webhook):
    for _ in range(3):
        make_attempt(finished(webhook), started_at=NOON)
        make_delivery(webhook, created_at=NOON)
    log = log_of(webhook)

    pages = [log[start : start + 2] for start in (0, 2, 4)]

    assert [e.id for page in pages for e in page] == ids(webhook)
    assert len(set(ids(webhook))) == 6


def test_only_the_latest_attempt_of_a_pending_delivery_says_when_the_next_comes(
    webhook,
):
    delivery = make_delivery(webhook, attempts_made=2, due_at=NOON)
    make_attempt(delivery, status="failed", started_at=NOON - 3 * MINUTE)
    make_attempt(delivery, status="failed", started_at=NOON - 2 * MINUTE)

    assert [e.next_attempt_at for e in log_of(webhook)[0:10]] == [NOON, None]


def test_what_was_never_sent_or_never_seen_to_end_has_no_duration(webhook):
    delivery = make_delivery(webhook, attempts_made=3)
    make_attempt(delivery, status="skipped", duration_ms=0)
    make_attempt(delivery, status="failed", error_kind="interrupted", duration_ms=0)
    make_attempt(delivery, duration_ms=0)

    by_status = {e.status: e.duration_ms for e in log_of(webhook)[0:10]}

    assert by_status == {"skipped": None, "failed": None, "success": 0}


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({}, ["waiting", "retried", "failed", "delivered"]),
        ({"statuses": ["failed"]}, ["failed"]),
        ({"statuses": ["success", "pending"]}, ["waiting", "retried", "delivered"]),
        ({"event_types": ["load.changed"]}, ["waiting", "failed"]),
        ({"event_types": ["load.changed", "trip.changed"]}, ["waiting", "failed"]),
        ({"event_id": "evt-retried"}, ["retried", "delivered"]),
        ({"entity_id": "L-1"}, ["waiting", "failed"]),
        ({"since": NOON + MINUTE}, ["waiting", "retried", "failed"]),
        ({"until": NOON + MINUTE}, ["failed", "delivered"]),
        ({"since": NOON + MINUTE, "until": NOON + MINUTE}, ["failed"]),
        ({"entity_id": "L-1", "statuses": ["pending"]}, ["waiting"]),
        ({"entity_id": "L-1", "statuses": ["timeout"]}, []),
    ],
)
def test_the_log_can_be_narrowed(webhook, criteria, expected):
    tender = make_event(webhook.tenant, public_id="evt-retried")
    load = {"type": "load.changed", "entity_id": "L-1"}
    refused = make_event(webhook.tenant, **load)
    delivery = finished(webhook, event=tender)
    names = {
        make_attempt(delivery, started_at=NOON).public_id: "delivered",
        make_attempt(delivery, started_at=NOON + 2 * MINUTE).public_id: "retried",
        make_attempt(
            finished(webhook, event=refused, state=Delivery.State.FAILED),
            status="failed",
            started_at=NOON + MINUTE,
        ).public_id: "failed",
        log_id(
            make_delivery(
                webhook,
                event=make_event(webhook.tenant, **load),
                created_at=NOON + 3 * MINUTE,
            ),
            1,
        ): "waiting",
    }

    found = ids(webhook, **criteria)

    assert [names[found_id] for found_id in found] == expected
    assert log_of(webhook, **criteria).count() == len(expected)


def test_facets_count_the_entries_that_match(webhook):
    load = make_event(webhook.tenant, type="load.changed")
    make_attempt(finished(webhook, event=load), status="failed")
    make_attempt(finished(webhook))
    make_attempt(finished(webhook))
    make_delivery(webhook)

    assert log_of(webhook).facets() == {
        "Status": [
            FacetValue("success", 2),
            FacetValue("failed", 1),
            FacetValue("pending", 1),
        ],
        "EventType": [FacetValue("tender.created", 3), FacetValue("load.changed", 1)],
    }
    assert log_of(webhook, statuses=["failed"]).facets() == {
        "Status": [FacetValue("failed", 1)],
        "EventType": [FacetValue("load.changed", 1)],
    }


def test_a_log_without_entries_has_empty_facets(webhook):
    assert log_of(webhook).count() == 0
    assert log_of(webhook).facets() == {"Status": [], "EventType": []}


@pytest.mark.parametrize("entries", [1, 20])
def test_a_page_takes_the_same_queries_however_long(
    webhook, django_assert_num_queries, entries
):
    for _ in range(entries):
        make_attempt(finished(webhook))
        make_delivery(webhook)
    log = log_of(webhook)

    with django_assert_num_queries(5):
        page = log[0 : 2 * entries]
        shown = [(e.delivery.public_id, e.delivery.event.public_id) for e in page]
        facets = log.facets()
        total = log.count()

    assert len(shown) == total == 2 * entries
    assert facets["Status"] == [
        FacetValue("pending", entries),
        FacetValue("success", entries),
    ]


@pytest.mark.parametrize("before", range(5))
def test_what_is_attempted_while_the_log_is_read_is_in_it_once(webhook, before):
    make_attempt(finished(webhook, created_at=NOON), started_at=NOON)
    waiting = make_delivery(webhook, created_at=NOON - MINUTE)
    log = log_of(webhook)

    with at_query(before, lambda: attempt_now(waiting)):
        page = log.page(slice(0, 10))
        counted = {each.value: each.count for each in log.facets()["Status"]}

    assert sum(counted.values()) == log.count() == 2
    assert {entry.delivery for entry in page.entries} == set(Delivery.objects.all())
    moments = [entry.timestamp for entry in page.entries]
    assert moments == sorted(moments, reverse=True)


def test_what_was_attempted_while_the_log_is_read_must_match(webhook):
    waiting = make_delivery(webhook)
    log = log_of(webhook, statuses=["pending", "failed"])

    # They were counted, and their places are known.
    with at_query(3, lambda: attempt_now(waiting)):
        page = log.page(slice(0, 10))

    assert page.entries == []


@pytest.mark.parametrize("before", range(3))
def test_an_entry_that_is_attempted_while_it_is_looked_for_is_found(webhook, before):
    waiting = make_delivery(webhook)

    with at_query(before, lambda: attempt_now(waiting)):
        found = find_entry(webhook, log_id(waiting, 1))

    assert found.delivery == waiting


@pytest.mark.parametrize("before", range(3))
def test_an_event_that_is_attempted_while_it_is_shown_is_shown_at_one_moment(
    webhook, before
):
    waiting = make_delivery(webhook)

    with at_query(before, lambda: attempt_now(waiting)):
        [fate] = find_event(webhook.tenant, waiting.event.public_id).fates

    assert (fate.status == "pending") == (fate.last_attempt_at is None)


def test_a_list_loads_no_bodies(webhook):
    make_attempt(finished(webhook))

    [entry] = log_of(webhook)[0:10]

    assert {"response_body", "request_headers"} <= entry.attempt.get_deferred_fields()
    assert "body" in entry.delivery.event.get_deferred_fields()


def test_an_entry_is_found_by_its_id(webhook):
    attempt = make_attempt(finished(webhook))
    waiting = make_delivery(webhook)

    assert find_entry(webhook, attempt.public_id).attempt == attempt
    assert find_entry(webhook, log_id(waiting, 1)).status == "pending"


def test_the_id_promised_before_the_attempt_leads_to_it_afterwards(webhook):
    delivery = make_delivery(webhook)
    promised = log_id(delivery, 1)

    before = find_entry(webhook, promised)
    attempt = make_attempt(delivery)
    Delivery.objects.filter(pk=delivery.pk).update(claim_number=1, attempts_made=1)

    assert before.id == promised
    assert find_entry(webhook, promised).attempt == attempt


def test_an_id_whose_worker_died_leads_to_the_attempt_made_instead(webhook):
    delivery = finished(webhook, claim_number=3)
    attempt = make_attempt(delivery, sequence=3)
    make_attempt(delivery, sequence=4)

    found = find_entry(webhook, log_id(delivery, 1))

    assert (found.attempt, found.id) == (attempt, attempt.public_id)


def test_an_id_whose_worker_died_is_pending_until_the_next_attempt(webhook):
    delivery = make_delivery(webhook, claim_number=2)

    assert find_entry(webhook, log_id(delivery, 1)).id == log_id(delivery, 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log",
        "log_",
        "log_x_1",
        "{delivery}",
        "{log}",
        "{log}_",
        "{log}_0",
        "{log}_01",
        "{log}_-1",
        "{log}_1_1",
        "{log}_\u0661",
        "{log}_1\n",
        "{log}_2",
        "{log}_999999999",
        "{log}_9999999999999999999999",
        "LOG{digits}_1",
        "log_zzzzzzzzzzzzzzzzzzzzzzzzzz_1",
        "log_vvvvvvvvvvvvvvvvvvvvvvvvvv_1",
        "log_00000000000000000000000000_1",
        "log_\x00_1",
    ],
)
def test_what_was_never_an_id_of_an_entry_finds_nothing(webhook, text):
    delivery = finished(webhook)
    make_attempt(delivery)
    log = log_id(delivery, 1)[:-2]
    names = {"delivery": delivery.public_id, "log": log, "digits": log[3:]}

    assert find_entry(webhook, text.format(**names)) is None


def test_an_id_that_was_never_promised_finds_nothing(webhook):
    delivery = make_delivery(webhook)

    assert find_entry(webhook, log_id(delivery, 2)) is None


def test_an_entry_shows_the_body_in_the_form_that_its_webhook_got(acme):
    event = make_event(acme, body=b'{"a":1}', body_with_previous=b'{"a":1,"p":2}')
    plain, opted_in = (
        make_webhook(acme, include_previous_attributes=wanted)
        for wanted in (False, True)
    )
    same = make_event(acme, body='{"a":"é"}'.encode())

    def body(webhook, event):
        delivery = finished(webhook, event=event)
        return find_entry(webhook, make_attempt(delivery).public_id).request_body

    assert body(plain, event) == '{"a":1}'
    assert body(opted_in, event) == '{"a":1,"p":2}'
    assert body(opted_in, same) == '{"a":"é"}'


def test_repeated_response_headers_are_joined(webhook):
    pairs = [["Via", "a"], ["Server", "x"], ["Via", "b"]]
    attempt = make_attempt(finished(webhook), response_headers=pairs)

    headers = find_entry(webhook, attempt.public_id).response_headers

    assert headers == {"Via": "a, b", "Server": "x"}


def test_an_answer_that_is_no_text_is_shown_as_far_as_it_is(webhook):
    attempt = make_attempt(finished(webhook), response_body=b"ok \xff\xfe")

    assert find_entry(webhook, attempt.public_id).response_body == "ok \ufffd\ufffd"


def test_where_no_answer_came_there_is_no_response_body(webhook):
    attempt = make_attempt(
        finished(webhook), status="failed", status_code=None, error_kind="dns"
    )

    entry = find_entry(webhook, attempt.public_id)

    assert entry.response_body is None
    assert entry.explanation.what == f"The host {webhook.url[8:-7]} was not found."


def test_a_pending_entry_has_nothing_of_an_exchange(webhook):
    entry = find_entry(webhook, log_id(make_delivery(webhook), 1))

    assert entry.response_headers == {}
    assert entry.response_body is None
    assert entry.explanation is None


def test_no_entry_of_another_webhook_is_listed_or_found(webhook, acme, globex):
    for other in (make_webhook(acme), make_webhook(globex)):
        attempt = make_attempt(finished(other))
        make_delivery(other)

        assert ids(webhook) == []
        assert find_entry(webhook, attempt.public_id) is None
