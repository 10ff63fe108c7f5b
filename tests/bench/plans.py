"""What PostgreSQL does for an operation: its statements, and how each is planned."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

PLANNED = ("SELECT", "UPDATE", "INSERT", "DELETE", "WITH")
GROWING = {
    "deliveries_event",
    "deliveries_eventtext",
    "deliveries_delivery",
    "deliveries_attempt",
}


@dataclass
class Statements:
    """What was executed, with its values."""

    executed: list[tuple[str, Any]] = field(default_factory=list)

    def keep(self, execute, sql, params, many, context):
        self.executed.append((sql, params))
        return execute(sql, params, many, context)

    @property
    def planned(self) -> list[tuple[str, Any]]:
        return [
            (sql, params)
            for sql, params in self.executed
            if sql.lstrip(" \n(").startswith(PLANNED)
        ]

    def nodes(self) -> Iterator[dict[str, Any]]:
        for sql, params in self.planned:
            (plan,) = explain(sql, params, how="FORMAT JSON")
            (root,) = plan if isinstance(plan, list) else json.loads(plan)
            yield from _below(root["Plan"])

    def indexes(self) -> list[str]:
        """Those of the tables that grow."""
        used = {node["Index Name"] for node in self.nodes() if "Index Name" in node}
        return sorted(used & _indexes_of_what_grows())

    def read_whole(self) -> list[str]:
        """The tables that grow and are read from end to end."""
        scans = {
            n["Relation Name"] for n in self.nodes() if "Seq Scan" in n["Node Type"]
        }
        return sorted(scans & GROWING)

    def explained(self) -> str:
        """For people; runs what only reads."""
        texts = []
        for sql, params in self.planned:
            reads = sql.lstrip(" \n(").startswith(("SELECT", "WITH"))
            how = "ANALYZE, BUFFERS, COSTS OFF" if reads else "COSTS OFF"
            lines = [sql.strip(), *explain(sql, params, how=how)]
            texts.append("\n".join(lines))
        return "\n\n".join(texts)


def explain(sql: str, params: Any, *, how: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({how}) {sql}", params)
        return [line for (line,) in cursor.fetchall()]


@contextmanager
def statements() -> Iterator[Statements]:
    found = Statements()
    with connection.execute_wrapper(found.keep):
        yield found


def _below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _below(child)


def _indexes_of_what_grows() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = ANY(%s)",
            [list(GROWING)],
        )
        return {name for (name,) in cursor.fetchall()}
