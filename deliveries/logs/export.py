"""A log as a stream of bytes: CSV or JSON, a batch at a time, in flat memory.

Each batch is read by short queries of its own: no transaction and no cursor of the
database stays open while a client takes its time. What comes while it lasts is left
out; what was pending and is attempted meanwhile as well, since neither describes it.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from deliveries.logs.columns import COLUMNS, values
from deliveries.logs.walking import Walk, bounds_now
from subscriptions.spreadsheets import safe_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deliveries.logs.criteria import Criteria
    from deliveries.logs.entries import LogEntry
    from subscriptions.models import Webhook

    Batches = Iterable[list[LogEntry]]

BATCH = 500
MAX_ROWS = 25_000


def exported(
    webhooks: Iterable[Webhook],
    criteria: Criteria,
    *,
    rows: int | None = None,
    batch: int = BATCH,
) -> Iterator[list[LogEntry]]:
    """The entries of each webhook in turn, newest first, in batches; at most *rows*.

    The bounds are drawn at the call, so that a database that is away says so then.
    """
    bounds = bounds_now()
    walks = (Walk(each, criteria, bounds=bounds) for each in webhooks)
    batches = (found for walk in walks for found in walk.batches(size=batch))
    return batches if rows is None else _first(rows, batches)


def _first(rows: int, batches: Iterator[list[LogEntry]]) -> Iterator[list[LogEntry]]:
    while rows > 0:
        batch = next(batches, None)
        if batch is None:
            return
        yield batch[:rows]
        rows -= len(batch)


def as_csv(batches: Batches) -> Iterator[bytes]:
    """RFC 4180 in UTF-8, with a header row; no cell is one that a spreadsheet runs."""
    yield _csv_rows([COLUMNS])
    for batch in batches:
        yield _csv_rows(map(safe_cell, values(entry)) for entry in batch)


def as_json(batches: Batches) -> Iterator[bytes]:
    """One array; only a whole one is closed."""
    yield b"["
    separator = "\n"
    for batch in batches:
        rows = (dict(zip(COLUMNS, values(entry), strict=True)) for entry in batch)
        text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        yield f"{separator}{text}".encode()
        separator = ",\n"
    yield b"\n]\n"


FORMATS: dict[str, Callable[[Batches], Iterator[bytes]]] = {
    "csv": as_csv,
    "json": as_json,
}


def _csv_rows(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
