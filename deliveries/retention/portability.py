"""All that a tenant may take along: one line of JSON for each row, without secrets."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from deliveries.retention.belongings import BELONGINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deliveries.retention.belongings import Belonging
    from subscriptions.models import Tenant

# So many rows are in memory at once.
CHUNK = 200


def export_lines(tenant: Tenant) -> Iterator[str]:
    """Read from the database as they are asked for, however many there are.

    The last line counts the others by kind: a file without it is not complete.
    """
    counts = {}
    for belonging in BELONGINGS:
        if belonging.kind:
            counts[belonging.kind] = 0
            for row in _rows(belonging, tenant):
                counts[belonging.kind] += 1
                yield _line(belonging.kind, row)
    yield _line("end", {"counts": counts})


def exported_columns(belonging: Belonging) -> list[str]:
    fields = belonging.model._meta.concrete_fields  # noqa: SLF001 (Django's documented API)
    return [each.attname for each in fields if each.attname not in belonging.secret]


def _rows(belonging: Belonging, tenant: Tenant) -> Iterator[dict[str, Any]]:
    rows = belonging.of(tenant).order_by("pk").values(*exported_columns(belonging))
    return rows.iterator(chunk_size=CHUNK)


def _line(kind: str, row: dict[str, Any]) -> str:
    # A column of that name, too: a rule's kind is its `rule_kind`.
    own = {f"{kind}_kind" if name == "kind" else name: row[name] for name in row}
    return json.dumps({"kind": kind} | own, default=_as_text, ensure_ascii=False)


def _as_text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
