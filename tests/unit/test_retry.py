"""When a failed delivery is attempted again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.policy.retry import LONGEST_WAIT, RetryPolicy, retry_after
from deliveries.wire.exchange import Failure, FailureKind, Response

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
POLICY = RetryPolicy(tuple(timedelta(seconds=s) for s in (10, 30, 60)))


def wish(value, *, status=503, name="Retry-After"):
    return retry_after(Response(status, ((name, value),)), now=NOW)


@pytest.mark.parametrize(
    ("number", "seconds"), [(1, 10), (2, 30), (3, 60), (4, None), (5, None)]
)
def test_the_schedule(number, seconds):
    delay = POLICY.delay_after(attempt_number=number)

    assert delay == (None if seconds is None else timedelta(seconds=seconds))


def test_without_delays_there_is_one_attempt():
    assert RetryPolicy(()).delay_after(attempt_number=1) is None


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        pytest.param(-5, 10, id="the past"),
        pytest.param(0, 10, id="at once"),
        pytest.param(9, 10, id="earlier"),
        pytest.param(11, 11, id="later"),
        pytest.param(300, 300, id="five minutes"),
        pytest.param(301, 300, id="longer"),
    ],
)
def test_a_wish_moves_the_attempt_later_only_and_not_far(asked, seconds):
    delay = POLICY.delay_after(attempt_number=1, wish=timedelta(seconds=asked))

    assert delay == timedelta(seconds=seconds)


def test_a_wish_gives_no_further_attempt():
    assert POLICY.delay_after(attempt_number=4, wish=timedelta(seconds=45)) is None


def test_a_delay_that_is_longer_than_any_wish_stays():
    patient = RetryPolicy((timedelta(hours=1),))

    assert patient.delay_after(attempt_number=1, wish=LONGEST_WAIT) == timedelta(
        hours=1
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("120", 120, id="seconds"),
        pytest.param("  7 ", 7, id="surrounded by spaces"),
        pytest.param("0", 0, id="none"),
        pytest.param("Sat, 21 Nov 2026 08:02:00 GMT", 120, id="date"),
        pytest.param("Saturday, 21-Nov-26 08:02:00 GMT", 120, id="RFC 850"),
        pytest.param("Sat Nov 21 08:02:00 2026", 120, id="asctime"),
        pytest.param("Sat, 21 Nov 2026 09:02:00 +0100", 120, id="another zone"),
        pytest.param("Sat, 21 Nov 2026 07:59:00 GMT", -60, id="past date"),
    ],
)
def test_forms_of_retry_after(value, seconds):
    assert wish(value) == timedelta(seconds=seconds)


def test_an_enormous_number_is_capped():
    assert POLICY.delay_after(attempt_number=1, wish=wish("9" * 400)) == LONGEST_WAIT


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "-5",
        "1.5",
        "1e3",
        "٣",
        "²",
        "10 seconds",
        "Sat, 99 Nov 2026 08:00:00 GMT",
        "Sat, 21 Nov 99999 08:00:00 GMT",
        "Sat, 21 Nov 2026 08:00:00 +9999",
        "\x00",
    ],
)
def test_garbage_is_no_wish(value):
    assert wish(value) is None


@given(st.text(max_size=60))
def test_no_text_of_a_receiver_is_an_accident(value):
    delay = POLICY.delay_after(attempt_number=1, wish=wish(value))

    assert timedelta(seconds=10) <= delay <= LONGEST_WAIT


@pytest.mark.parametrize("name", ["retry-after", "RETRY-AFTER", "Retry-After"])
def test_the_name_has_no_case(name):
    assert wish("120", name=name) == timedelta(seconds=120)


@pytest.mark.parametrize(
    ("status", "is_heard"),
    [(429, True), (503, True), (500, False), (408, False), (200, False), (301, False)],
)
def test_only_two_answers_have_a_say(status, is_heard):
    assert (wish("120", status=status) is not None) is is_heard


def test_no_answer_and_no_header_are_no_wish():
    assert retry_after(Failure(FailureKind.TIMEOUT, "Why."), now=NOW) is None
    assert retry_after(Response(503, (("Server", "x"),)), now=NOW) is None
