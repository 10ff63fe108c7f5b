"""The geometry of charts and the colours of JSON: pure, as tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from subscriptions.pages.charts import Column, bar_chart, line_chart, nice_top
from subscriptions.pages.json_tokens import json_tokens

START = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 1), (1, 1), (2, 2), (3, 4), (5, 6), (7, 10), (11, 20), (61, 100), (733, 1000)],
)
def test_a_scale_ends_with_a_round_number_that_nothing_exceeds(highest, top):
    assert nice_top(highest) == top


def test_bars_stand_on_each_other_and_fill_the_height():
    chart = bar_chart([Column(START, {"good": 3, "bad": 1}, "")])

    (bar,) = chart.bars
    good, bad = bar.rects
    assert (good.y, good.height) == ("25", "75")
    assert (bad.y, bad.height) == ("0", "25")
    assert chart.ticks == [4, 2, 0]


def test_nothing_is_an_empty_chart_and_no_division_by_zero():
    assert bar_chart([]).is_empty
    assert bar_chart([Column(START, {"good": 0}, "")]).is_empty
    assert line_chart([("first", "p50", [None, None])]).is_empty


def test_a_line_is_broken_where_there_was_nothing():
    chart = line_chart([("first", "p50", [10, 20, None, 40])])

    (line,) = chart.lines
    assert len(line.paths) == 1
    assert len(line.dots) == 3


@pytest.mark.parametrize(
    "text",
    [
        '{"a":[1,2.50,{"b":"x 12:30 {}[],\\" y"}],"c":null,"d":{},"e":[]}',
        "[]",
        "12",
        '"x"',
    ],
)
def test_what_is_coloured_says_the_same_json(text):
    shown = "".join(token.text for token in json_tokens(text))

    assert json.loads(shown) == json.loads(text)


def test_digits_inside_a_string_are_a_string():
    tokens = json_tokens('{"at":"2026-11-21T01:56:40Z","n":12}')

    kinds = [(token.kind, token.text) for token in tokens if token.kind]
    assert kinds == [
        ("key", '"at"'),
        ("string", '"2026-11-21T01:56:40Z"'),
        ("key", '"n"'),
        ("number", "12"),
    ]


def test_numbers_stay_as_they_were_sent():
    assert "1.10" in "".join(token.text for token in json_tokens('{"a":1.10}'))


@pytest.mark.parametrize(
    "text", ["<b>no</b>", "{", "", "[" * 1000, '{"a":1}' + " " * 70_000]
)
def test_what_is_no_json_or_too_much_stays_as_it_is(text):
    (token,) = json_tokens(text)

    assert token == type(token)("", text)


def test_what_would_hide_is_written_out():
    shown = "".join(token.text for token in json_tokens('{"a": "\u202eabc"}'))

    assert "\u202e" not in shown
    assert r"\u202e" in shown
