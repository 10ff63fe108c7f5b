"""`manage.py worker_health`: one sentence, and an exit code for those who restart."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone

from deliveries.models import Delivery, Egress
from tests.builders import make_attempt, make_delivery, make_sign_of_life

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(capsys):
    """Run the command; return its exit code and what it said."""

    def run(*words):
        try:
            call_command("worker_health", *words)
        except SystemExit as end:
            return end.code, capsys.readouterr().out.strip()
        return 0, capsys.readouterr().out.strip()

    return run


@pytest.fixture
def worker():
    """A worker that was seen just now."""
    return make_sign_of_life(timezone.now())


def ago(**span):
    return timezone.now() - timedelta(**span)


def shown(moment):
    return moment.isoformat().replace("+00:00", "Z")


def test_all_is_well(ask, worker):
    assert ask() == (0, "Workers are at work.")


def test_no_worker_was_ever_seen(ask):
    assert ask() == (1, "No worker was ever seen.")


def test_no_worker_was_seen_for_long(ask):
    make_sign_of_life(ago(minutes=10, seconds=0.5))

    assert ask() == (1, "No worker was seen for 600 s.")


def test_deliveries_that_nobody_attempts_are_late(ask, worker, webhook):
    make_delivery(webhook, due_at=ago(minutes=10, seconds=0.5))
    expected = "A delivery has been due for 600 s, and nothing is attempted."

    assert ask() == (1, expected)


def test_deliveries_that_wait_behind_others_are_not_late(ask, worker, webhook):
    make_delivery(webhook, due_at=ago(minutes=10))
    done = make_delivery(webhook, state=Delivery.State.SUCCEEDED, attempts_made=1)
    make_attempt(done, started_at=ago(seconds=30))

    assert ask()[0] == 0


def test_what_waits_for_a_webhook_that_is_not_active_is_not_late(ask, worker, webhook):
    make_delivery(webhook, due_at=ago(minutes=10))
    type(webhook).objects.update(status="Pending")

    assert ask()[0] == 0


def test_a_program_reads_it_as_json(ask, worker, webhook):
    delivery = make_delivery(webhook, due_at=ago(minutes=10, seconds=0.5))

    code, said = ask("--format", "json")

    assert code == 1
    assert json.loads(said) == {
        "status": "failed",
        "checks": {
            "database": "ok",
            "broker": "ok",
            "worker": "ok",
            "deliveries": "failed",
        },
        "egress": "up",
        "poison": 0,
        "reasons": ["A delivery has been due for 600 s, and nothing is attempted."],
        "worker_seen_at": shown(worker.seen_at),
        "oldest_due_at": shown(delivery.due_at),
        "last_attempt_at": None,
    }


def test_it_speaks_of_this_node_though_another_is_well(ask, worker):
    worker.delete()
    make_sign_of_life(ago(minutes=10, seconds=0.5))
    make_sign_of_life(timezone.now(), node="another-node")

    assert ask() == (1, "No worker was seen for 600 s.")


def test_where_no_worker_ever_was_it_speaks_of_all_nodes(ask):
    make_sign_of_life(timezone.now(), node="another-node")

    assert ask() == (0, "Workers are at work.")


def test_an_outage_of_our_own_is_told_and_restarts_nobody(ask, worker):
    Egress.objects.go_down(now=ago(seconds=75.5))

    assert ask() == (
        0,
        "Workers are at work. Nobody could be reached for 75 s: our own way out is"
        " broken, deliveries wait.",
    )


def test_what_was_given_up_is_counted_for_a_day(ask, worker, webhook):
    for age in (timedelta(hours=1), timedelta(hours=23), timedelta(hours=25)):
        delivery = make_delivery(webhook, state=Delivery.State.FAILED)
        at = timezone.now() - age
        make_attempt(delivery, error_kind="poison", status="failed", started_at=at)
    make_attempt(delivery, error_kind="interrupted", status="failed")

    assert ask() == (
        0,
        "Workers are at work. 2 deliveries of the last 24 hours were given up, because"
        " they killed their workers.",
    )


def test_without_a_database_it_says_so_and_no_more(ask, worker):
    def broken(execute, sql, params, many, context):
        message = "secret-host:5432 refused"
        raise OperationalError(message)

    with connection.execute_wrapper(broken):
        code, said = ask()

    assert code == 1
    assert said == (
        "The database does not answer. Whether a worker is alive stands in the"
        " database. The broker does not answer."
    )
