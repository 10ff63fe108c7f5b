"""manage.py as an operator starts it: a process of its own, an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def manage(*words, **environment):
    """Run manage.py with nothing but *environment*; return the finished process."""
    return subprocess.run(  # noqa: S603 (our own command line)
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={"DATABASE_URL": "sqlite:///:memory:"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
