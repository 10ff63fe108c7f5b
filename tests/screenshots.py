"""`python -m tests.screenshots`: takes the pictures in docs/screenshots anew."""

from __future__ import annotations

import sys

import pytest

from tests.processes import ROOT

PICTURES = ROOT / "tests" / "browser" / "pictures.py"

if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", str(PICTURES)]))
