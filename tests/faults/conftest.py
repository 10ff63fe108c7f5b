"""Each case is a line of a table, which stands at the end of the run."""

from __future__ import annotations

import pytest

from tests.engine.conftest import (  # noqa: F401 (fixtures)
    database_options,
    product,
    receiver,
)
from tests.faults.case import Case, Line

LINES = pytest.StashKey[list[Line]]()
HEAD = [name.replace("_", " ") for name in Line._fields]
ROW = "{:<48}{:>9}{:>7}{:>10}{:>11}{:>12}{:>7}{:>9}"


@pytest.fixture
def report(request):
    """Put a line into the table, and show it at once."""
    lines = request.config.stash.setdefault(LINES, [])

    def add(line):
        lines.append(line)
        reporter = request.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(ROW.format(*line))

    return add


@pytest.fixture
def case(request, product, receiver, report):  # noqa: F811 (a fixture's parameters)
    """The case of the test's name: workers not started, nothing subscribed."""
    return Case(title(request), product, receiver, report=report)


def title(request: pytest.FixtureRequest) -> str:
    return request.node.name.removeprefix("test_").replace("_", " ")[:47]


def pytest_terminal_summary(terminalreporter, config):
    lines = config.stash.get(LINES, [])
    if lines:
        terminalreporter.section("faults")
        for row in [HEAD, *lines]:
            terminalreporter.write_line(ROW.format(*row))
