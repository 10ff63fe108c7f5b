"""`manage.py publish_event`: an event by hand, or from a script."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from deliveries.models import Delivery, Event
from subscriptions.models import EventType
from tests.builders import make_webhook


@pytest.fixture
def sample(db):
    return EventType.objects.get(name="tender.created").sample


@pytest.fixture
def file(tmp_path, sample):
    path = tmp_path / "tender.json"
    path.write_text(json.dumps(sample))
    return str(path)


def command(file, *words):
    where = ("--company-code", "ACME", "--subsidiary", "MAIN")
    return ("publish_event", *where, "--type", "tender.created", "--data", file, *words)


def refusal_of(*words):
    with pytest.raises(CommandError) as caught:
        call_command(*words)
    return str(caught.value)


def test_an_event_goes_to_the_webhooks_that_want_it(
    webhook, globex, sample, file, capsys
):
    make_webhook(globex)

    call_command(*command(file, "--entity-id", "T-1", "--entity-type", "Tender"))

    event = Event.objects.get()
    assert capsys.readouterr().out == f"{event.public_id} deliveries=1\n"
    assert json.loads(bytes(event.body))["data"] == sample
    assert (event.entity_type, event.entity_id) == ("Tender", "T-1")
    assert Delivery.objects.get().webhook == webhook


def test_data_may_come_from_standard_input(acme, sample, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(sample)))

    call_command(*command("-"))

    assert Event.objects.count() == 1


def test_count_publishes_that_many_events(webhook, file, capsys):
    call_command(*command(file, "--count", "3"))

    assert len(set(capsys.readouterr().out.splitlines())) == 3
    assert Delivery.objects.count() == 3


def test_a_subsidiary_of_another_company_is_unknown(acme, globex, file):
    globex.subsidiaries.create(code="ONLY-GLOBEX", name="Globex Ltd")

    sentence = refusal_of(*command(file, "--subsidiary", "ONLY-GLOBEX"))

    assert sentence == "The company 'ACME' has no subsidiary 'ONLY-GLOBEX'."
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("{", "This is not JSON."), ("[1]", "This is not a JSON object.")],
)
def test_data_that_is_no_object_is_refused(acme, tmp_path, content, sentence):
    path = tmp_path / "bad.json"
    path.write_text(content)

    assert refusal_of(*command(str(path))) == f"{path}: {sentence}"
    assert not Event.objects.exists()


def test_a_missing_file_is_refused(acme, tmp_path):
    path = tmp_path / "none.json"

    assert refusal_of(*command(str(path))) == f"{path}: No such file or directory."


def test_data_that_does_not_match_the_type_is_refused(acme, tmp_path):
    path = tmp_path / "empty.json"
    path.write_text("{}")

    assert "is a required property" in refusal_of(*command(str(path)))
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--type", "tender.lost"), "Unknown event type: tender.lost."),
        (("--count", "0"), "--count is at least 1."),
    ],
)
def test_a_bad_argument_is_refused_in_one_sentence(acme, file, words, sentence):
    assert refusal_of(*command(file, *words)) == sentence
    assert not Event.objects.exists()
