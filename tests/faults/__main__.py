"""All faults: on SQLite, on PostgreSQL, and with Redis as the broker.

``python -m tests.faults`` starts what it needs; words after it go to pytest.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack

import pytest

from tests import services
from tests.run import pytest_in

# What fails is left behind, so that the tables are complete.
FINE = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}


def main(words: list[str]) -> int:
    codes, environment = [], {}
    options = ["tests/faults", "-m", "faults", *words]
    with ExitStack() as running:
        codes.append(pytest_in(options, environment))
        if home := services.find_postgresql():
            url = running.enter_context(services.postgresql(home))
            environment["DATABASE_URL"] = url
            codes.append(pytest_in(options, environment))
        if server := services.find_redis():
            url = running.enter_context(services.redis(server))
            environment["REDIS_URL"] = url
            codes.append(pytest_in(options, environment))
    return max((code for code in codes if code not in FINE), default=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
