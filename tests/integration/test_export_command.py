"""`manage.py export_delivery_logs`: what it writes, and what it refuses."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from deliveries.logs import export
from deliveries.models import Delivery
from subscriptions.webhooks import delete_webhook
from tests.builders import (
    make_attempt,
    make_delivery,
    make_event,
    make_many_attempts,
    make_webhook,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def delivered(webhook, *, at=NOON, **attempt):
    made = {"state": Delivery.State.SUCCEEDED, "attempts_made": 1}
    return make_attempt(make_delivery(webhook, **made), started_at=at, **attempt)


@pytest.fixture
def run(capsysbinary):
    """Run it for Acme, to standard output; return what it wrote there."""

    def call(*words, form="json"):
        to = ("--company-code", "ACME", "--output", "-", "--format", form)
        call_command("export_delivery_logs", *to, *words)
        return capsysbinary.readouterr().out.decode()

    return call


def ids(text):
    return [item["Id"] for item in json.loads(text)]


def test_a_webhooks_log_goes_to_standard_output(run, acme, webhook):
    attempt = delivered(webhook)
    delivered(make_webhook(acme))

    assert ids(run("--webhook", webhook.public_id)) == [attempt.public_id]


def test_without_a_webhook_all_of_the_tenant_come_in_turn(run, acme, globex, webhook):
    deleted = make_webhook(acme)
    found = [delivered(webhook), delivered(deleted, at=NOON + MINUTE)]
    delete_webhook(deleted)
    delivered(make_webhook(globex))

    assert ids(run()) == [each.public_id for each in found]


def test_a_file_is_there_once_it_is_whole(webhook, tmp_path):
    attempt = delivered(webhook, status="failed", error_message="=1+1")
    path = tmp_path / "log.csv"

    call_command(
        "export_delivery_logs", "--company-code", "ACME", "--output", str(path)
    )

    with path.open(newline="", encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert (row["Id"], row["ErrorMessage"]) == (attempt.public_id, "'=1+1")
    assert list(tmp_path.iterdir()) == [path]


def test_there_is_no_limit_of_rows(run, webhook):
    more = export.MAX_ROWS + 1
    make_many_attempts(delivered(webhook).delivery, count=more)

    assert run(form="csv").count("\r\n") == 1 + 1 + more


@pytest.mark.parametrize(
    "words",
    [
        ("--status", "failed", "--status", "timeout"),
        ("--event-type", "load.changed"),
        ("--start-date", "2026-11-20T12:01:00Z", "--end-date", "2026-11-20"),
        ("--event-id", "evt-load"),
        ("--entity-id", "L-1"),
        ("--search", "l-1"),
    ],
)
def test_it_is_narrowed_as_the_list_is(run, webhook, words):
    load = {"public_id": "evt-load", "type": "load.changed", "entity_id": "L-1"}
    delivery = make_delivery(
        webhook, event=make_event(webhook.tenant, **load), attempts_made=1
    )
    found = make_attempt(delivery, status="failed", started_at=NOON + MINUTE)
    delivered(webhook)

    assert ids(run(*words)) == [found.public_id]


A_TIME = "This must be a time with its offset, such as 2026-11-21T08:30:00Z."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--company-code", "NOBODY"), "There is no company 'NOBODY'."),
        (("--webhook", "whk_x"), "The company 'ACME' has no webhook 'whk_x'."),
        (
            ("--start-date", "2026-11-21", "--end-date", "2026-11-20"),
            "--end-date must not be before --start-date.",
        ),
        (
            ("--start-date", "yesterday"),
            f"Error: argument --start-date: {A_TIME}",
        ),
        (
            ("--search", "ab"),
            "Error: argument --search: This must have 3 to 200 characters.",
        ),
    ],
)
def test_a_refusal_is_a_sentence_and_no_file(acme, tmp_path, words, sentence):
    path = tmp_path / "log.csv"
    to = ("--company-code", "ACME", "--output", str(path))

    with pytest.raises(CommandError) as caught:
        call_command("export_delivery_logs", *to, *words)

    assert str(caught.value) == sentence
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(acme, tmp_path):
    path = tmp_path / "nowhere" / "log.csv"
    to = ("--company-code", "ACME", "--output", str(path))

    with pytest.raises(CommandError) as caught:
        call_command("export_delivery_logs", *to)

    assert str(caught.value) == f"{path}: No such file or directory."


def test_globexs_webhook_is_no_webhook_of_acme(acme, globex, run):
    theirs = make_webhook(globex)

    with pytest.raises(CommandError) as caught:
        run("--webhook", theirs.public_id)

    assert str(caught.value) == (
        f"The company 'ACME' has no webhook {theirs.public_id!r}."
    )
