"""What can be seen of the workers, and what it means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deliveries.policy.liveness import LATE_AFTER, SEEN_WITHIN, Part, Signs, complaints

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)


def of(*, database=True, broker=True, seen=timedelta(), due=None, attempted=None):
    """Complaints about signs of these ages."""
    signs = Signs(
        database_answers=database,
        broker_is_reachable=broker,
        seen_at=seen if seen is None else NOW - seen,
        due_since=due and NOW - due,
        attempted_at=attempted and NOW - attempted,
    )
    return complaints(signs, now=NOW)


def test_nothing_is_wrong_with_a_worker_that_was_just_seen():
    assert of() == {}


def test_a_worker_may_be_silent_for_a_minute():
    assert timedelta(minutes=1) == SEEN_WITHIN
    assert of(seen=SEEN_WITHIN) == {}
    assert of(seen=SEEN_WITHIN + timedelta(seconds=1.9)) == {
        Part.WORKER: "No worker was seen for 61 s."
    }


def test_no_worker_at_all_is_one_too_few():
    assert of(seen=None) == {Part.WORKER: "No worker was ever seen."}


def test_a_broker_that_is_away_is_named():
    assert of(broker=False) == {Part.BROKER: "The broker does not answer."}


def test_without_a_database_nothing_is_known_of_workers():
    assert of(database=False, seen=None) == {
        Part.DATABASE: "The database does not answer.",
        Part.WORKER: "Whether a worker is alive stands in the database.",
    }


@pytest.mark.parametrize("attempted", [None, LATE_AFTER + A_MOMENT])
def test_a_late_delivery_is_named_when_nothing_is_attempted(attempted):
    assert of(due=timedelta(minutes=3), attempted=attempted) == {
        Part.DELIVERIES: (
            "A delivery has been due for 180 s, and nothing is attempted."
        )
    }


@pytest.mark.parametrize(
    ("due", "attempted"),
    [
        (LATE_AFTER, None),
        (timedelta(hours=5), LATE_AFTER),
        (-timedelta(seconds=10), None),
        (None, timedelta(days=9)),
    ],
    ids=["not late", "others are attempted", "later", "nothing to do"],
)
def test_else_no_delivery_is_late(due, attempted):
    assert of(due=due, attempted=attempted) == {}
