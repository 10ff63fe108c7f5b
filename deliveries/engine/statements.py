"""SQL for the hot path, where model instances would cost more than the work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

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
    """A VALUES list with columns column1, column2, …, and its values.

    *types* are PostgreSQL's; SQLite has no use for them.
    """
    if connection.vendor == "postgresql":
        row = f"({', '.join(f'CAST(%s AS {name})' for name in types)})"
    else:
        row = marks(types)
    return f"(VALUES {', '.join([row] * len(rows))})", _flat(rows)


def insert_unless_present(
    name: str, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert *rows*; those that would break a uniqueness rule are left out."""
    sql = (
        f"INSERT INTO {name} ({', '.join(columns)})"  # noqa: S608 (our own names)
        f" VALUES {', '.join([marks(columns)] * len(rows))} ON CONFLICT DO NOTHING"
    )
    execute(sql, _flat(rows))


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


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _flat(rows: Iterable[Row]) -> list[Any]:
    return [value for row in rows for value in row]
