"""Groups of tests that one process of a parallel run takes together."""

from __future__ import annotations

import pytest

from tests.processes import ROOT
from tests.scheduling import BROWSER, TOGETHER, group_of


@pytest.mark.parametrize("place", [*TOGETHER, BROWSER])
def test_what_is_taken_together_is_there(place):
    assert (ROOT / place).exists()


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("tests/engine/test_supervision.py::test_a[x]", "tests/engine/"),
        ("tests/faults/test_poison.py::test_a", "tests/faults/"),
        ("tests/browser/test_find.py::test_a", "tests/browser/test_find.py"),
        ("tests/unit/test_retry.py::test_a", "tests/unit/test_retry.py::test_a"),
    ],
)
def test_a_test_belongs_to_the_group_of_its_place(test, group):
    assert group_of(test) == group
