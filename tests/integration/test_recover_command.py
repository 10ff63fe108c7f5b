"""Recovery by an operator."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from deliveries.models import Delivery, Recovery
from tests.builders import make_delivery, make_event, make_webhook

FAILED = Delivery.State.FAILED


@pytest.fixture
def since():
    return (timezone.now() - timedelta(hours=1)).isoformat()


@pytest.fixture
def run(capsys, since):
    """Run the command for Acme; the lines it says."""

    def recover(*words):
        call_command("recover", "--company-code", "ACME", "--since", since, *words)
        return capsys.readouterr().out.splitlines()

    return recover


def test_all_webhooks_of_the_tenant_are_recovered(acme, globex, webhook, run):
    other = make_webhook(acme)
    for each in (webhook, webhook, other, make_webhook(globex)):
        make_delivery(each, state=FAILED)

    lines = run()

    first, second = Recovery.objects.order_by("pk")
    assert lines == [
        f"{webhook.public_id} recovery={first.public_id} matched=2",
        f"{other.public_id} recovery={second.public_id} matched=1",
    ]
    assert {each.created_by for each in (first, second)} == {"manage.py recover"}


def test_one_webhook_can_be_named_and_all_narrowed(acme, webhook, run):
    make_webhook(acme)
    until = timezone.now().isoformat()

    run(
        *("--webhook", webhook.public_id, "--until", until, "--status", "skipped"),
        *("--event-type", "load.changed", "--include-missed"),
    )

    recovery = Recovery.objects.get()
    assert (recovery.webhook, recovery.statuses) == (webhook, ["skipped"])
    assert recovery.until.isoformat() == until
    assert (recovery.event_types, recovery.include_missed) == (["load.changed"], True)


def test_a_dry_run_only_counts(acme, webhook, run):
    make_delivery(webhook, state=FAILED)
    make_event(acme)

    assert run("--dry-run") == [f"{webhook.public_id} matched=1"]
    assert run("--dry-run", "--include-missed") == [f"{webhook.public_id} matched=2"]
    assert not Recovery.objects.exists()


def test_a_webhook_that_cannot_be_recovered_keeps_no_other_waiting(acme, webhook, run):
    disabled = make_webhook(acme, status="Disabled")
    run("--webhook", webhook.public_id)
    running = Recovery.objects.get().public_id

    assert run() == [
        f"{webhook.public_id} left out: The recovery {running} of this webhook is still"
        " running.",
        f"{disabled.public_id} left out: The webhook is Disabled: only to an Active one"
        " is anything sent again.",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--since", "yesterday"],
            "--since: This must be a time with its offset, such as 2026-11-21T08:30:00Z.",
        ),
        (
            ["--until", "2026-11-21T08:30:00"],
            "--until: This must be a time with its offset, such as 2026-11-21T08:30:00Z.",
        ),
        (
            ["--until", "2026-02-30T08:30:00Z"],
            "--until: This must be a time with its offset, such as 2026-11-21T08:30:00Z.",
        ),
        (
            ["--until", "2020-01-01T00:00:00Z"],
            "--until: This must not be before --since.",
        ),
        (["--company-code", "INITECH"], "There is no company 'INITECH'."),
        (["--webhook", "whk_x"], "The company 'ACME' has no webhook 'whk_x'."),
    ],
)
def test_a_wrong_word_begins_nothing(webhook, run, words, sentence):
    with pytest.raises(CommandError) as refusal:
        run(*words)

    assert str(refusal.value) == sentence
    assert not Recovery.objects.exists()


def test_another_tenants_webhook_is_unknown(globex, webhook, run):
    foreign = make_webhook(globex).public_id

    with pytest.raises(CommandError) as refusal:
        run("--webhook", foreign)

    assert str(refusal.value) == f"The company 'ACME' has no webhook {foreign!r}."
