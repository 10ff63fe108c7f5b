"""No cell runs as a formula, and every other text stays what it is."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscriptions.spreadsheets import csv_line, safe_cell

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\N{NO-BREAK SPACE}=1",
    "\N{ZERO WIDTH NO-BREAK SPACE}=1",
    "\N{FULLWIDTH EQUALS SIGN}1",
    "\N{FULLWIDTH COMMERCIAL AT}A1",
    " \N{FULLWIDTH PLUS SIGN}1",
]


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_a_formula_is_shown_and_not_run(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        ("", ""),
        ("  ", "  "),
        ("a=b", "a=b"),
        ("'=1", "'=1"),
        ("evt_1", "evt_1"),
        (-5, "-5"),
        (-0.5, "-0.5"),
        (True, "True"),
    ],
)
def test_what_is_no_formula_stays_what_it_is(value, cell):
    assert safe_cell(value) == cell


def test_a_line_quotes_what_would_break_it():
    line = csv_line(["a,b", 'say "hi"', "two\nlines", None, 3])

    assert line == '"a,b","say ""hi""","two\nlines",,3\r\n'


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=4))
def test_every_line_is_read_back_as_it_was_written(texts):
    cells = [safe_cell(text) for text in texts]

    (row,) = csv.reader(io.StringIO(csv_line(texts), newline=""), strict=True)

    assert row == cells
    assert all(not cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)
    assert all(
        cell in (text, f"'{text}") for cell, text in zip(row, texts, strict=True)
    )
