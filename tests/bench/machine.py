"""What the figures depend on, besides the code."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import timeit
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests import services

PACKAGES = ("Django", "django-q2", "requests", "urllib3", "psycopg")


def facts() -> str:
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"{len(os.sched_getaffinity(0))} cores, {_processor()}, "
        f"load before the start {os.getloadavg()[0]:.1f}, "
        f"a million additions {_additions():.0f} ms",
        f"Python {platform.python_version()}, {platform.system()} {platform.release()}",
        ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        ", ".join(_servers()),
    ]
    return "\n".join(lines)


def _additions() -> float:
    """How fast a core is today: a machine shared with others is not always the same."""
    return min(timeit.repeat(_add, number=1, repeat=20)) * 1000


def _add() -> None:
    total = 0
    for number in range(1_000_000):
        total += number


def _processor() -> str:
    names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return names[0] if names else platform.machine()


def _servers() -> list[str]:
    home, redis = services.find_postgresql(), services.find_redis()
    return [
        "PostgreSQL " + _version(home / "postgres") if home else "no PostgreSQL",
        "Redis " + _version(redis) if redis else "no Redis",
    ]


def _version(program: Path) -> str:
    said = subprocess.run(  # noqa: S603 (a program that we found)
        [program, "--version"], capture_output=True, text=True, check=True
    )
    return re.search(r"\d+\.[\d.]*\d", said.stdout)[0]
