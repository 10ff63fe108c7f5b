"""A log as a stream: whole, in order, in batches, and as it was when it began."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from deliveries.logs import Criteria, DeliveryLog
from deliveries.logs.export import as_csv, as_json, exported
from deliveries.models import Attempt, Delivery
from tests.builders import make_attempt, make_delivery, make_many_attempts, make_webhook

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def delivered(webhook, *, at=NOON):
    made = {"state": Delivery.State.SUCCEEDED, "attempts_made": 1}
    return make_attempt(make_delivery(webhook, **made), started_at=at)


def begun(*webhooks, rows=None, batch=1):
    """An export whose first entry was read; return what it will have been."""
    parts = as_json(exported(webhooks, Criteria(), rows=rows, batch=batch))
    first = next(parts) + next(parts)

    def finish():
        return [item["Id"] for item in json.loads(first + b"".join(parts))]

    return finish


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_batches_leave_nothing_out_and_repeat_nothing(webhook, batch):
    for number in range(3):
        # Of the same moment, in both tables.
        delivered(webhook)
        make_delivery(webhook, created_at=NOON)
        delivered(webhook, at=NOON - number * MINUTE)
        make_delivery(webhook, created_at=NOON - number * MINUTE)

    batches = list(exported([webhook], Criteria(), batch=batch))

    assert {len(each) for each in batches[:-1]} <= {batch}
    found = [entry.id for each in batches for entry in each]
    assert found == [entry.id for entry in DeliveryLog(webhook, Criteria())[0:50]]
    assert len(found) == 12


@pytest.mark.parametrize(("rows", "batch"), [(0, 2), (1, 2), (3, 2), (5, 2), (9, 100)])
def test_no_more_rows_than_asked_for(webhook, rows, batch):
    for _ in range(5):
        delivered(webhook)

    batches = exported([webhook], Criteria(), rows=rows, batch=batch)

    assert sum(map(len, batches)) == min(rows, 5)


def test_what_comes_while_it_is_read_is_left_out(webhook):
    first, second = (delivered(webhook, at=NOON - i * MINUTE) for i in range(2))
    finish = begun(webhook)

    delivered(webhook, at=NOON - MINUTE / 2)
    make_delivery(webhook, created_at=NOON - MINUTE / 2)

    assert finish() == [first.public_id, second.public_id]


def test_what_is_attempted_while_it_is_read_is_left_out(webhook):
    first = delivered(webhook)
    pending = make_delivery(webhook, created_at=NOON - MINUTE)
    finish = begun(webhook)

    Delivery.objects.filter(pk=pending.pk).update(attempts_made=1, claim_number=1)
    make_attempt(pending, status="failed", started_at=NOON - MINUTE)

    assert finish() == [first.public_id]


def test_what_is_purged_while_it_is_read_is_left_out(webhook):
    first, second, third = (delivered(webhook, at=NOON - i * MINUTE) for i in range(3))
    finish = begun(webhook)

    Attempt.objects.filter(pk=second.pk).delete()

    assert finish() == [first.public_id, third.public_id]


def test_a_client_that_leaves_ends_the_work(webhook, django_assert_num_queries):
    for _ in range(3):
        delivered(webhook)
    parts = as_csv(exported([webhook], Criteria(), batch=1))
    next(parts)
    next(parts)

    with django_assert_num_queries(0):
        parts.close()

    assert list(parts) == []


def test_nothing_is_read_ahead_of_the_client(webhook, django_assert_num_queries):
    for _ in range(3):
        delivered(webhook)
    parts = as_csv(exported([webhook], Criteria(), batch=1))

    with django_assert_num_queries(0):
        next(parts)
    # The keys of both tables, and the rows of one.
    with django_assert_num_queries(3):
        next(parts)


def test_several_webhooks_come_one_after_the_other(acme, webhook):
    other = make_webhook(acme)
    old, new = delivered(webhook, at=NOON), delivered(other, at=NOON + MINUTE)

    assert begun(webhook, other)() == [old.public_id, new.public_id]


def test_a_batch_that_was_purged_ends_nothing(webhook):
    _, second, third = (delivered(webhook, at=NOON - i * MINUTE) for i in range(3))
    batches = exported([webhook], Criteria(), batch=1)
    next(batches)

    Attempt.objects.filter(pk=second.pk).delete()

    assert [e.id for each in batches for e in each] == [third.public_id]


def test_the_memory_stays_flat(webhook):
    """Forty times the rows; if they were kept, forty times the memory."""
    make_many_attempts(delivered(webhook).delivery, count=8_000)

    def peak(*, rows):
        tracemalloc.start()
        for _ in as_csv(exported([webhook], Criteria(), rows=rows, batch=50)):
            pass
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    # What is made once and kept is made by the first.
    peak(rows=200)
    assert peak(rows=8_000) < 5 * peak(rows=200)
