"""The short way into publishing understands what the serializer understands."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.api.bodies import MAX_BATCH, NewEvent, NewEvents
from deliveries.api.plain_events import plain_event, plain_events

FULL = {
    "Type": "tender.created",
    "SubsidiaryId": " MAIN ",
    "Data": {"tenderId": "T-1"},
    "Id": "evt-1",
    "Timestamp": "2026-11-20T14:00:00.25+01:00",
    "EntityType": " Tender ",
    "EntityId": " t-1 ",
    "Previous": {},
    "CompanyCode": "ACME",
}

numbers = st.integers() | st.floats(allow_nan=False)
lengths = st.sampled_from([0, 1, 50, 51, 100, 101, 128, 129, 200, 201])
# The JSON door lets neither NUL nor surrogates in.
texts = st.text(
    st.characters(min_codepoint=1, codec="utf-8"), max_size=4
) | lengths.map(lambda length: "a" * length)
times = st.sampled_from(["2026-11-20T12:00:00Z", "2026-13-20T12:00:00Z", "2026-11-20"])
anything = (
    st.none() | st.booleans() | numbers | texts | times | st.just({}) | st.just([])
)
changes = st.dictionaries(st.sampled_from([*FULL, "Colour"]), anything, max_size=3)
left_out = st.sets(st.sampled_from(list(FULL)), max_size=2)


@given(changes, left_out)
def test_what_is_plain_is_what_the_serializer_makes_of_it(changed, missing):
    body = {name: FULL[name] for name in FULL if name not in missing} | changed
    asked = NewEvent(data=body)

    is_right = asked.is_valid()

    assert plain_event(body) == (asked.validated_data if is_right else None)


@pytest.mark.parametrize("body", [None, 7, "x", [], [FULL], {}])
def test_what_is_no_event_is_not_plain(body):
    assert plain_event(body) is None


def test_a_plain_batch_is_what_the_serializer_makes_of_it():
    asked = NewEvents(data={"Events": [FULL, FULL | {"Id": None}]})
    asked.is_valid(raise_exception=True)

    assert plain_events(asked.initial_data) == asked.validated_data["Events"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"Events": {}},
        {"Events": []},
        {"Events": [FULL, 7]},
        {"Events": [FULL, FULL | {"Type": ""}]},
        {"Events": [FULL], "More": 1},
        {"Events": [FULL] * (MAX_BATCH + 1)},
    ],
    ids=lambda body: json.dumps(body)[:40],
)
def test_what_is_no_batch_is_not_plain(body):
    assert plain_events(body) is None
