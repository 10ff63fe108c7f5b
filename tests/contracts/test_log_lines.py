"""The table of log lines in docs/operations.md is what the source says."""

from __future__ import annotations

import ast
import itertools
import re

from tests.processes import ROOT

APPS = ("subscriptions", "deliveries", "webhooks_project")
LEVELS = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "critical",
}
ROW = re.compile(
    r"^\| `([a-z_]+\.[a-z_]+)` \| (\w+) \| [^|]+ \|([^|]*)\|$", re.MULTILINE
)


def lines_of_the_source():
    """Name and level of each call of a logger."""
    found = set()
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            tree = ast.parse(path.read_text())
            found |= {
                line for node in ast.walk(tree) for line in line_of(node, str(path))
            }
    return found


def line_of(node, path):
    """A call, or a method of the logger that is handed on with its name."""
    if not isinstance(node, ast.Call):
        return
    parts = [node.func, *node.args]
    for method, name in itertools.pairwise(parts):
        if is_of_logger(method):
            assert isinstance(name, ast.Constant), f"{path}:{node.lineno}"
            yield name.value, LEVELS[method.attr]


def is_of_logger(node):
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "logger"
    )


def rows_of_the_table():
    text = (ROOT / "docs" / "operations.md").read_text()
    return [(name, level) for name, level, _ in ROW.findall(text)]


def test_each_line_that_is_logged_stands_in_the_table_and_no_other():
    rows = rows_of_the_table()

    assert len(rows) > 30
    assert set(rows) == lines_of_the_source()


def test_the_table_names_each_line_once_in_order():
    rows = rows_of_the_table()

    assert rows == sorted(set(rows))
