"""The whole suite: on SQLite, on PostgreSQL, and what concerns Redis on Redis.

``python -m tests.run`` starts what it needs; words after it go to pytest. What is not
installed is left out and named in one line. With REQUIRE_ALL=1, as in CI, anything that
is missing, and any test that is skipped, is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests import services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Run = tuple[list[str], dict[str, str]]

# We say which services; and where nothing compiled may be kept, each of the hundreds of
# processes that the tests start would compile all modules anew.
NOT_OURS = {"DATABASE_URL", "REDIS_URL", "PYTHONDONTWRITEBYTECODE"}
# Most of them are for `make faults`.
NO_FAULTS = "(not faults or representative)"
# On two processors: one of the three waits for processes all the time.
SIDE_BY_SIDE = ["-n", "3", "--dist", "loadgroup"]
# Once is enough: they know no database, or ask only who may enter.
ONCE = [
    f"--ignore=tests/{name}" for name in ("contracts", "isolation", "transport", "unit")
]


def main(words: list[str]) -> int:
    found = {
        "PostgreSQL": services.find_postgresql(),
        "Redis": services.find_redis(),
        "Chromium": shutil.which("chromium"),
    }
    missing = ", ".join(name for name, path in found.items() if path is None)
    if missing and os.environ.get("REQUIRE_ALL"):
        return _say(f"Not installed: {missing}.", code=1)
    times: list[str] = []
    with ExitStack() as services_running:
        for options, environment in _runs(found, services_running):
            begun = time.monotonic()
            code = pytest_in([*options, *words], environment)
            times.append(_took(time.monotonic() - begun, environment))
            # Words may leave one of the runs without any test.
            if code != pytest.ExitCode.OK and not (
                words and code == pytest.ExitCode.NO_TESTS_COLLECTED
            ):
                return code
    _say("\n".join(times))
    return _say(f"Skipped, not installed: {missing}." if missing else "", code=0)


def _took(seconds: float, environment: dict[str, str]) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} with {_services_of(environment)}"


def _services_of(environment: dict[str, str]) -> str:
    return ", ".join(environment) or "SQLite"


def _runs(found: dict[str, Path | None], running: ExitStack) -> Iterator[Run]:
    marks = "not postgresql and not redis_broker"
    marks += "" if found["Chromium"] else " and not browser"
    yield [*SIDE_BY_SIDE, "-m", f"{marks} and {NO_FAULTS}"], {}
    environment: dict[str, str] = {}
    if home := found["PostgreSQL"]:
        environment["DATABASE_URL"] = running.enter_context(services.postgresql(home))
        marks = f"not sqlite and not redis_broker and not browser and {NO_FAULTS}"
        yield [*SIDE_BY_SIDE, *ONCE, "-m", marks], environment
    if server := found["Redis"]:
        environment["REDIS_URL"] = running.enter_context(services.redis(server))
        # One after the other: they share the one queue.
        yield ["-m", f"redis_broker and {NO_FAULTS}"], environment


def pytest_in(options: list[str], environment: dict[str, str]) -> int:
    """Run pytest in an environment that has those services, and no others."""
    _say(f"pytest {' '.join(options)} with {_services_of(environment)}")
    inherited = {name: os.environ[name] for name in os.environ if name not in NOT_OURS}
    command = [sys.executable, "-m", "pytest", "-q", *options]
    done = subprocess.run(command, env=inherited | environment, check=False)  # noqa: S603
    return done.returncode


def _say(sentence: str, *, code: int = 0) -> int:
    if sentence:
        sys.stdout.write(f"{sentence}\n")
        sys.stdout.flush()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
