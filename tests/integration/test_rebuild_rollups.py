"""The command that counts the log anew, and the one that only compares."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from deliveries.models import DailyRollup, Rollup
from deliveries.policy.tallies import Stored
from tests.builders import make_attempt, make_delivery, make_webhook

NOW = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def log(webhook):
    """Of two days, with a day between them on which nothing happened."""
    for at in (NOW - 2 * DAY, NOW, NOW):
        make_attempt(make_delivery(webhook), started_at=at, duration_ms=300)
    make_attempt(
        make_delivery(webhook), started_at=NOW, status="timeout", error_kind="timeout"
    )
    make_attempt(make_delivery(webhook), started_at=NOW, status="skipped")
    make_attempt(make_delivery(webhook, is_test=True), started_at=NOW)


@pytest.fixture
def run(capsys):
    """Run the command; returns its exit code and what it said."""

    def rebuild(*words):
        try:
            call_command("rebuild_rollups", *words)
            code = 0
        except SystemExit as end:
            code = end.code
        return code, capsys.readouterr().out.splitlines()

    return rebuild


def rows():
    values = ("hour", "statuses", "failures", "durations", "total_ms", "longest_ms")
    return list(Rollup.objects.order_by("hour").values(*values))


def test_what_is_lost_is_counted_anew(webhook, log, run):
    Rollup.objects.all().delete()

    assert run() == (0, ["1 webhooks, 3 days counted anew."])

    hour = NOW.replace(minute=0, second=0)
    assert rows() == [
        {
            "hour": hour - 2 * DAY,
            "statuses": {"success": 1},
            "failures": {},
            "durations": {"302": 1},
            "total_ms": 300,
            "longest_ms": 300,
        },
        {
            "hour": hour,
            "statuses": {"success": 2, "timeout": 1, "skipped": 1},
            "failures": {"timeout": 1},
            "durations": {"302": 2, "0": 1},
            "total_ms": 600,
            "longest_ms": 300,
        },
    ]


def test_what_is_too_much_is_gone(webhook, log, run):
    run()
    before = rows()
    Rollup.objects.create(webhook=webhook, hour=NOW - 9 * DAY, statuses={"failed": 7})
    Rollup.objects.create(webhook=webhook, hour=NOW - DAY, statuses={"failed": 7})

    run()

    assert rows() == before


def test_when_all_is_well_nothing_differs(log, run):
    assert run("--check") == (0, ["1 webhooks, 0 days differ."])


def test_a_difference_is_named_and_nothing_changed(webhook, log, run):
    Rollup.objects.filter(hour__lt=NOW - DAY).update(total_ms=1)
    before = rows()

    assert run("--check") == (
        1,
        [f"{webhook.public_id} differs on 2026-11-18.", "1 webhooks, 1 days differ."],
    )
    assert rows() == before


def test_a_day_that_is_not_its_hours_is_named_and_counted_anew(webhook, log, run):
    run()
    before = list(DailyRollup.objects.values("day", *Stored._fields))
    DailyRollup.objects.filter(day__gte=NOW - DAY).update(statuses={"failed": 7})
    DailyRollup.objects.create(webhook=webhook, day=before[0]["day"] - 9 * DAY)

    code, said = run("--check")

    assert code == 1
    assert said[:2] == [
        f"{webhook.public_id} differs on {day}." for day in ("2026-11-09", "2026-11-20")
    ]
    run()
    assert list(DailyRollup.objects.values("day", *Stored._fields)) == before


def test_one_webhook_can_be_chosen(webhook, acme, log, run):
    other = make_webhook(acme)
    make_attempt(make_delivery(other), started_at=NOW)
    Rollup.objects.all().delete()

    assert run("--webhook", other.public_id) == (
        0,
        ["1 webhooks, 1 days counted anew."],
    )
    assert set(Rollup.objects.values_list("webhook", flat=True)) == {other.pk}


def test_an_unknown_webhook_is_refused(db):
    with pytest.raises(CommandError, match=r"^There is no webhook 'whk_x'\.$"):
        call_command("rebuild_rollups", "--webhook", "whk_x")


def test_without_a_log_there_is_nothing_to_count(webhook, run):
    assert run() == (0, ["1 webhooks, 0 days counted anew."])


def test_the_migrations_count_what_was_there_before(webhook, log, run):
    hours = importlib.import_module("deliveries.migrations.0008_fill_rollups")
    days = importlib.import_module("deliveries.migrations.0020_daily_rollups")
    Rollup.objects.all().delete()

    for _ in range(2):
        hours.fill(apps, None)
    # Not folded: it stands beside its day.
    make_attempt(make_delivery(webhook), started_at=NOW)
    days.fill(apps, None)

    assert run("--check") == (0, ["1 webhooks, 0 days differ."])
    assert Rollup.objects.count() == 3
    assert [row.statuses for row in DailyRollup.objects.order_by("day")] == [
        {"success": 1},
        {"success": 2, "timeout": 1, "skipped": 1},
    ]
