"""W3C trace context: what is taken, and what is sent on."""

from __future__ import annotations

from uuid import UUID

import pytest

from deliveries.wire.tracing import accepted, trace_of, traceparent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
OWN = UUID("01234567-89ab-7def-8123-456789abcdef")


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        (PARENT, PARENT),
        (f"00-{TRACE}-{SPAN}-00", f"00-{TRACE}-{SPAN}-00"),
        # Flags that version 00 does not know are not passed on.
        (f"00-{TRACE}-{SPAN}-ff", PARENT),
        (f"cc-{TRACE}-{SPAN}-01-what-comes-later", PARENT),
        (f"cc-{TRACE}-{SPAN}-01", PARENT),
    ],
)
def test_what_is_well_formed_is_taken_as_version_00(text, taken):
    assert accepted(text) == taken


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01\n",
        f" {PARENT}",
        f"cc-{TRACE}-{SPAN}-01-{'a' * 512}",
    ],
)
def test_anything_else_begins_a_trace_anew(text):
    assert accepted(text) == ""


def test_a_try_goes_on_in_the_trace_with_a_span_of_its_own():
    assert traceparent(OWN, span=1, parent=PARENT) == f"00-{TRACE}-8123456789abcdee-01"
    assert traceparent(OWN, span=2, parent=PARENT) == f"00-{TRACE}-8123456789abcded-01"


def test_a_trace_that_is_not_sampled_stays_so():
    parent = f"00-{TRACE}-{SPAN}-00"

    assert traceparent(OWN, span=1, parent=parent).endswith("-00")


def test_without_one_the_delivery_is_the_trace():
    assert traceparent(OWN, span=1) == f"00-{OWN.hex}-8123456789abcdee-01"


def test_the_log_names_the_trace_where_there_is_one():
    assert trace_of(PARENT) == TRACE
    assert trace_of("") is None
