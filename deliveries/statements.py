"""SQL for the hot paths, where model instances would cost more than the work.

One statement carries a whole batch. PostgreSQL gets it as one JSON document: quoting a
thousand values one by one costs more than the database's own work with them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from django.db.models import Model

Row = tuple[Any, ...]


def execute(sql: str, values: Sequence[Any] = ()) -> list[Row]:
    """Run one statement; return its rows, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [_stored(value) for value in values])
        return cursor.fetchall() if cursor.description else []


def marks(values: Collection[Any]) -> str:
    """``(%s, %s, %s)``, for IN."""
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


def insert_unless_present(
    model: type[Model], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert *rows* (column → value); those that break a uniqueness rule are left out.

    All rows have the same columns. Values of JSON columns are given as they are.
    """
    meta = model._meta  # noqa: SLF001 (Django's documented API)
    names = ", ".join(rows[0])
    if connection.vendor == "postgresql":
        types = {field.column: field.db_type(connection) for field in meta.fields}
        source, values = _recordset({name: types[name] for name in rows[0]}, rows)
        select = f"SELECT * FROM {source} AS given"  # noqa: S608 (our own names)
    else:
        select = f"VALUES {', '.join([marks(rows[0])] * len(rows))}"
        values = _flat(row.values() for row in rows)
    execute(
        f"INSERT INTO {meta.db_table} ({names}) {select} ON CONFLICT DO NOTHING",
        values,
    )


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


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return json.dumps(value) if isinstance(value, dict | list) else value


def _flat(rows: Iterable[Iterable[Any]]) -> list[Any]:
    return [value for row in rows for value in row]
