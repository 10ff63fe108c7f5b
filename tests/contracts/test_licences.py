"""Nothing comes in under a licence that nobody has looked at."""

from __future__ import annotations

import pytest

from tests.licences import (
    LOOKED_AT,
    all_behind,
    direct,
    is_accepted,
    licence_of,
    page,
)
from tests.processes import ROOT


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-otel.txt"])
def test_each_licence_is_permissive_or_was_looked_at(file):
    packages = all_behind(direct(file))
    licences = {name: licence_of(package) for name, package in packages.items()}

    assert len(licences) > len(direct(file))
    assert {n: text for n, text in licences.items() if not is_accepted(n, text)} == {}


def test_each_exception_is_still_needed():
    assert set(LOOKED_AT) <= set(all_behind(direct()))


def test_the_page_says_what_is_installed():
    assert (ROOT / "docs" / "licences.md").read_text() == page()


@pytest.mark.parametrize(
    ("name", "licence", "accepted"),
    [
        ("a", "MIT", True),
        ("a", "GPL-3.0-only", False),
        ("a", "LGPL-3.0-only", False),
        ("psycopg", "LGPL-3.0-only", True),
        ("psycopg", "GPL-3.0-only", False),
        ("a", "GPL-3.0-only OR MIT", True),
        ("a", "GPL-3.0-only AND MIT", False),
        ("a", "unknown", False),
    ],
)
def test_copyleft_needs_a_look(name, licence, accepted):
    assert is_accepted(name, licence) is accepted
