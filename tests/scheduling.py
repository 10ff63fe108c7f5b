"""Which tests one process of a parallel run takes together (`--dist loadgroup`).

The others are dealt out one by one, after these: the largest group comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadGroupScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

TOGETHER = (
    # They share a database that is made once, and mostly wait for other processes:
    # beside them the other tests have the machine.
    "tests/engine/",
    "tests/faults/",
    # Each of these prepares at length what all of its tests look at.
    "tests/contracts/test_secret_watch.py",
    "tests/contracts/test_verification_code.py",
)
# Each of its files starts Chromium.
BROWSER = "tests/browser/"


class Scheduling(LoadGroupScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """By the test's place; xdist's own marks say nothing under this pytest."""
    if nodeid.startswith(BROWSER):
        return nodeid.partition("::")[0]
    return next((each for each in TOGETHER if nodeid.startswith(each)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> Scheduling | None:
    is_ours = config.getoption("dist") == "loadgroup"
    return Scheduling(config, log) if is_ours else None
