"""One wide line for each step, without secrets."""

from __future__ import annotations

import json
import logging

import pytest

from webhooks_project.logs import JsonLineFormatter, WideLineFormatter

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def line_of(message, *, exc_info=None, **fields):
    level = logging.WARNING
    record = logging.LogRecord("deliveries", level, "x.py", 1, message, (), exc_info)
    record.__dict__.update(fields)
    return WideLineFormatter().format(record)


def test_a_line_is_the_event_and_its_fields():
    line = line_of("delivery.attempted", delivery="dlv_1", number=3, outcome=None)

    assert line.endswith(" WARNING delivery.attempted delivery=dlv_1 number=3")


def test_a_request_is_never_written():
    # django.request attaches the whole of it, headers included.
    assert "request" not in line_of("bad", request="<WSGIRequest>")


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (f"signing with {SECRET}", {}),
        ("delivery.attempted", {"key": SECRET}),
        ("delivery.attempted", {"keys": [SECRET, SECRET]}),
    ],
    ids=["message", "field", "list"],
)
def test_a_secret_is_never_written(message, fields):
    line = line_of(message, **fields)

    assert SECRET not in line
    assert "whsec_••••" in line


def test_a_secret_in_a_traceback_is_never_written():
    error = ValueError(SECRET)

    line = line_of("failed", exc_info=(ValueError, error, None))

    assert "ValueError: whsec_••••" in line
    assert SECRET not in line


def object_of(message, *, exc_info=None, **fields):
    level = logging.WARNING
    record = logging.LogRecord("deliveries", level, "x.py", 1, message, (), exc_info)
    record.__dict__.update(fields, created=1795248000.25)
    return json.loads(JsonLineFormatter().format(record))


def test_as_json_numbers_stay_numbers_and_what_is_not_known_is_absent():
    line = object_of("delivery.attempted", delivery="dlv_1", number=3, outcome=None)

    assert line == {
        "time": "2026-11-21T08:00:00.250000+00:00",
        "level": "WARNING",
        "logger": "deliveries",
        "message": "delivery.attempted",
        "delivery": "dlv_1",
        "number": 3,
    }


def test_as_json_a_line_stays_one_line_and_holds_no_secret_either():
    error = ValueError(SECRET)

    line = object_of(
        f'a "{SECRET}"\n',
        keys=[SECRET],
        exc_info=(ValueError, error, None),
        request="<WSGIRequest>",
    )

    assert SECRET not in str(line)
    assert line["message"] == 'a "whsec_••••"\n'
    assert line["exception"] == "ValueError: whsec_••••"
    assert "request" not in line
