"""The table of log lines in docs/operations.md is what the source says."""

from __future__ import annotations

import ast
import itertools
import re
from collections import defaultdict
from operator import itemgetter

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


def fields_of_the_table():
    text = (ROOT / "docs" / "operations.md").read_text()
    said = {name: words.strip() for name, _, words in ROW.findall(text)}
    # "as of `delivery.attempted`"
    same = {name: words.split("`")[1] for name, words in said.items() if "`" in words}
    said |= {name: said[other] for name, other in same.items()}
    return {name: set(re.split(r", | or ", words)) for name, words in said.items()}


def fields_of_the_source():
    """By the line's name; only of calls whose fields stand there as they are."""
    found = defaultdict(set)
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            for function in ast.walk(ast.parse(path.read_text())):
                if isinstance(function, ast.FunctionDef):
                    for name, fields in fields_within(function):
                        found[name] |= fields
    return found


def fields_within(function):
    for call in ast.walk(function):
        for name, _ in line_of(call, function.name):
            for keyword in call.keywords:
                given = keyword.value
                if isinstance(given, ast.Name):
                    given = last_assigned(given, function)
                if keyword.arg == "extra" and is_literal(given):
                    yield name, {key.value for key in given.keys}


def last_assigned(name, function):
    """What the name stands for on its line, read from top to bottom."""
    values = [
        (node.lineno, node.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and node.lineno < name.lineno
        and [t.id for t in node.targets if isinstance(t, ast.Name)] == [name.id]
    ]
    return max(values, key=itemgetter(0))[1] if values else None


def is_literal(node):
    return isinstance(node, ast.Dict) and all(
        isinstance(key, ast.Constant) for key in node.keys
    )


def test_each_line_that_is_logged_stands_in_the_table_and_no_other():
    rows = rows_of_the_table()

    assert len(rows) > 30
    assert set(rows) == lines_of_the_source()


def test_the_table_names_each_line_once_in_order():
    rows = rows_of_the_table()

    assert rows == sorted(set(rows))


def test_the_table_names_the_fields_that_stand_in_the_source():
    table = fields_of_the_table()
    source = fields_of_the_source()

    assert len(source) > 25
    assert {name: table[name] for name in source} == source
