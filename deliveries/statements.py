"""SQL for the hot paths, where model instances would cost more than the work.

One statement carries a whole batch. PostgreSQL gets it as one JSON document: quoting a
thousand values one by one costs more than the database's own work with them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import connection

from subscriptions.clock import database_time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from django.db.models import Model

Row = tuple[Any, ...]


class Sql(str):
    """A piece of a statement, in the place of a value."""

    __slots__ = ()


class Statement(NamedTuple):
    """SQL, and the values of its places."""

    sql: str
    values: Sequence[Any]


NOTHING = Statement("", ())
# SQLite takes 32,766 in a statement.
MAX_VALUES = 30_000


def execute(sql: str, values: Sequence[Any] = ()) -> list[Row]:
    """Run one statement; return its rows, if it has any.

    PostgreSQL takes several in one message, in one transaction, and each sees what was
    committed before it began. Then these are the rows of the last one.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            values = [_as_sqlite_stores_it(value) for value in values]
        cursor.execute(sql, values)
        while connection.vendor == "postgresql" and cursor.nextset():
            pass
        return cursor.fetchall() if cursor.description else []


def among(values: Collection[Any]) -> tuple[str, list[Any]]:
    """What follows a column that has one of *values*, and the parameters."""
    if connection.vendor == "postgresql":
        return "= ANY(%s)", [list(values)]
    return f"IN {marks(values)}", list(values)


def marks(values: Collection[Any]) -> str:
    """``(%s, %s, %s)``"""
    return f"({', '.join(['%s'] * len(values))})"


def table(rows: Sequence[Row], *types: str) -> tuple[str, list[Any]]:
    """A table of *rows* with columns column1, column2, …, and its values.

    *types* are PostgreSQL's; SQLite has no use for them.
    """
    if connection.vendor == "postgresql":
        columns = {f"column{at}": name for at, name in enumerate(types, start=1)}
        return _recordset(
            columns, [dict(zip(columns, row, strict=True)) for row in rows]
        )
    return f"(VALUES {', '.join([marks(types)] * len(rows))})", _flat(rows)


def ask_each(sql: str, questions: Sequence[Row], *types: str) -> list[Row]:
    """Ask the same for each of *questions*, in one statement.

    *sql* has a ``{}`` for each value of a question, in their order.
    """
    if connection.vendor == "postgresql":
        source, values = table(questions, *types)
        columns = [f"asked.column{at}" for at, _ in enumerate(types, start=1)]
        return execute(
            f"SELECT answer.* FROM {source} AS asked"  # noqa: S608 (our own names)
            f" CROSS JOIN LATERAL ({sql.format(*columns)}) AS answer",
            values,
        )
    one = f"SELECT * FROM ({sql.format(*['%s'] * len(types))})"  # noqa: S608
    return execute(" UNION ALL ".join([one] * len(questions)), _flat(questions))


def insert_unless_present(
    model: type[Model],
    rows: Sequence[Mapping[str, Any]],
    *,
    alike: Mapping[str, Any] | None = None,
    returning: str = "",
) -> list[Row]:
    """Insert *rows* (column → value), in their order.

    Those that break a uniqueness rule are left out; *returning* names the columns to
    return of the others. All rows have the same columns, and *alike* has those whose
    value they share. Values of JSON columns are given as they are.
    """
    if not rows:
        return []
    ending = "ON CONFLICT DO NOTHING" + (f" RETURNING {returning}" if returning else "")
    size = MAX_VALUES // len(rows[0])
    inserted: list[Row] = []
    for start in range(0, len(rows), size):
        sql, values = insertion(model, rows[start : start + size], alike or {})
        inserted += execute(f"{sql} {ending}", values)
    return inserted


def insertion(
    model: type[Model], rows: Sequence[Mapping[str, Any]], alike: Mapping[str, Any]
) -> tuple[str, list[Any]]:
    """What inserts *rows*, as above, and its values; the ending is the caller's."""
    types, names = _types(model, connection.vendor), tuple(rows[0])
    given, values = table(
        [tuple(row.values()) for row in rows], *map(types.__getitem__, names)
    )
    columns = ", ".join([*names, *alike])
    shared = "".join(f", {_place(value)}" for value in alike.values())
    same = [value for value in alike.values() if not isinstance(value, Sql)]
    # SQLite takes ON CONFLICT for the condition of a join unless a WHERE stands before.
    name = model._meta.db_table  # noqa: SLF001 (Django's documented API)
    sql = f"INSERT INTO {name} ({columns}) SELECT given.*{shared}"
    return f"{sql} FROM {given} AS given WHERE true", [*same, *values]


def _place(value: Any) -> str:
    return value if isinstance(value, Sql) else "%s"


@cache
def _types(model: type[Model], vendor: str) -> dict[str, str]:
    """The type of each column. *vendor*: of the database that was asked."""
    fields = model._meta.fields  # noqa: SLF001 (Django's documented API)
    return {str(field.column): field.db_type(connection) or "" for field in fields}


def time_of_statement() -> Sql | datetime:
    """Now, by the database's clock, whatever that of this node says."""
    if connection.vendor == "postgresql":
        return Sql("statement_timestamp()")
    return database_time()


def row_lock(how: str) -> str:
    """A locking clause, where rows can be locked; SQLite has one writer anyway."""
    return how if connection.vendor == "postgresql" else ""


def moment(value: Any) -> datetime | None:
    """Read a time column."""
    if value is None:
        return None
    read = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def uid(value: Any) -> UUID:
    """Read a UUID column."""
    return value if isinstance(value, UUID) else UUID(value)


def _recordset(
    columns: Mapping[str, str | None], rows: Sequence[Mapping[str, Any]]
) -> tuple[str, list[Any]]:
    shape = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    source = f"(SELECT * FROM jsonb_to_recordset(CAST(%s AS jsonb)) AS given({shape}))"  # noqa: S608 (our own names)
    return source, [json.dumps(rows, default=_as_text, ensure_ascii=False)]


def _as_text(value: Any) -> str:
    """What JSON has no word for, as PostgreSQL reads it."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _as_sqlite_stores_it(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return json.dumps(value) if isinstance(value, dict | list) else value


def _flat(rows: Iterable[Iterable[Any]]) -> list[Any]:
    return [value for row in rows for value in row]
