"""What is counted where it happens: once, in its transaction, whoever folds meanwhile."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from deliveries.conf import get_conf
from deliveries.engine.recording import record
from deliveries.models import Occurrence
from deliveries.retention.periods import periods
from deliveries.retention.purging import purge
from deliveries.verification import Verified, record_verification
from subscriptions.verification import Challenge, claim_challenges
from tests.builders import (
    make_attempt,
    make_delivery,
    make_webhook,
)
from tests.engine.product import wait_until
from tests.integration.test_recording import attempt  # noqa: F401 (a fixture)
from tests.profiles import make_profile, make_webhook_of

Kind = Occurrence.Kind
LONG = timedelta(hours=1)


def counted(kind):
    return Occurrence.objects.sums().get(kind, {})


# --- What is counted ----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_counted():
    with transaction.atomic():
        Occurrence.objects.note(Kind.CLAIMED, {"alvys": 1})
        transaction.set_rollback(True)

    assert not Occurrence.objects.exists()


def test_leases_are_counted_by_profile(webhook, acme, speak, claim_due):
    other = make_webhook_of(speak(make_profile("post")), acme)
    make_delivery(webhook)
    make_delivery(webhook)
    make_delivery(other)

    claim_due()
    claim_due()

    assert counted(Kind.CLAIMED) == {"alvys": 2, "post": 1}


def test_a_lease_that_ran_out_meanwhile_is_counted(
    webhook,
    claim_due,
    attempt,  # noqa: F811 (the fixture)
    clock,
):
    make_delivery(webhook)
    late = attempt(claim_due(), 200)
    clock.advance(minutes=2)
    in_time = attempt(claim_due(), 200)

    record(in_time, now=clock())
    assert counted(Kind.OVERSLEPT) == {}
    record(late, now=clock())

    assert counted(Kind.OVERSLEPT) == {"": 1}


@pytest.mark.parametrize(("error", "result"), [("", "passed"), ("No.", "failed")])
def test_each_challenge_is_counted_by_its_result(acme, error, result):
    make_webhook(acme)
    pending = make_webhook(acme, status="Pending")
    now = timezone.now()
    type(pending).objects.filter(pk=pending.pk).update(verification_due_at=now)
    (challenge,) = claim_challenges(limit=8, lease=LONG, now=now)

    record_verification(Verified(challenge, error), now=now)

    assert counted(Kind.VERIFICATION) == {result: 1}


def test_an_answer_that_came_too_late_is_counted_as_such(webhook):
    late = Challenge(webhook.pk, webhook.url, number=7, token="t")

    record_verification(Verified(late, ""), now=timezone.now())

    assert counted(Kind.VERIFICATION) == {"outdated": 1}


def test_what_is_purged_is_counted_by_table(webhook):
    long_ago = timezone.now() - timedelta(days=40)
    ended = {"state": 2, "ended_at": long_ago}
    make_attempt(make_delivery(webhook, **ended), started_at=long_ago)
    make_attempt(make_delivery(webhook))

    purged = purge(periods(get_conf(), now=timezone.now()), patience=LONG)

    assert counted(Kind.PURGED) == {"attempts": 1}
    assert purged.counts["attempts"] == 1


# --- Folding ------------------------------------------------------------------------


def test_folding_leaves_one_row_of_each_and_changes_no_sum(db):
    for _ in range(3):
        Occurrence.objects.note(Kind.PURGED, {"events": 2, "attempts": 3, "none": 0})
    before = Occurrence.objects.sums()

    Occurrence.objects.fold()
    Occurrence.objects.fold()

    assert Occurrence.objects.count() == 2
    assert Occurrence.objects.sums() == before
    assert counted(Kind.PURGED) == {"events": 6, "attempts": 9}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_who_folds_at_the_same_time_takes_nothing_twice():
    Occurrence.objects.note(Kind.PURGED, {"events": 2})
    second = threading.Thread(target=fold_and_leave)

    with transaction.atomic():
        Occurrence.objects.fold()
        second.start()
        # It waits for the row that was taken away.
        wait_until(somebody_waits_for_us)
        Occurrence.objects.note(Kind.PURGED, {"events": 5})
    second.join()

    assert counted(Kind.PURGED) == {"events": 7}


def fold_and_leave():
    try:
        Occurrence.objects.fold()
    finally:
        connection.close()


def somebody_waits_for_us():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0
