"""The audit log as a file: in JSON, and as a table for spreadsheets."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from subscriptions import audit
from subscriptions.attachments import attachment
from subscriptions.audit import About, Action
from subscriptions.spreadsheets import csv_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from django.http import StreamingHttpResponse

    from subscriptions.models import AuditEvent
    from subscriptions.models.audit import AuditEventQuerySet
    from subscriptions.origins import Origin

COLUMNS = (
    "Id",
    "Timestamp",
    "Action",
    "ActorKind",
    "ActorName",
    "ObjectKind",
    "ObjectId",
    "ObjectName",
    "Changes",
    "Address",
    "RequestId",
)


def export(
    events: AuditEventQuerySet,
    wanted: str,
    *,
    origin: Origin,
    tenant_id: int | None,
    held: Callable[[Iterator[str]], Iterator[str]] = iter,
) -> StreamingHttpResponse:
    """A file of *events*, the newest first. *wanted* is a key of MEDIA_TYPES.

    The export is itself recorded, and not part of the file. *held*: by whoever must
    know when the file has been read.
    """
    name = f"audit-events.{wanted}"
    own = audit.record(
        Action.EXPORT_DOWNLOADED,
        origin=origin,
        about=About("export", "audit-events", name),
        tenant_id=tenant_id,
    )
    older = events.walk(before=own)
    return attachment(held(_csv(older) if wanted == "csv" else _json(older)), name=name)


def sorted_changes(changes: dict[str, Any]) -> dict[str, Any]:
    # PostgreSQL keeps members in an order of its own.
    return {
        name: {side: changes[name][side] for side in ("Before", "After")}
        for name in sorted(changes)
    }


def _item(event: AuditEvent) -> dict[str, Any]:
    moment = event.created_at.astimezone(UTC).isoformat()
    return {
        "Id": event.public_id,
        "Timestamp": f"{moment.removesuffix('+00:00')}Z",
        "Action": event.action,
        "Actor": {"Kind": event.actor_kind, "Name": event.actor_name or None},
        "Object": {
            "Kind": event.object_kind,
            "Id": event.object_id or None,
            "Name": event.object_name or None,
        },
        "Changes": sorted_changes(event.changes),
        "Address": event.address or None,
        "RequestId": event.request_id or None,
    }


def _json(events: Iterable[AuditEvent]) -> Iterator[str]:
    before = "["
    for event in events:
        item = json.dumps(_item(event), ensure_ascii=False, separators=(",", ":"))
        yield before + item
        before = ",\n"
    # Whoever reads a file that was cut sees that the list has no end.
    yield "]" if before != "[" else "[]"


def _csv(events: Iterable[AuditEvent]) -> Iterator[str]:
    yield csv_line(COLUMNS)
    for event in events:
        yield csv_line(_cells(_item(event)))


def _cells(item: dict[str, Any]) -> list[Any]:
    actor, about = item["Actor"], item["Object"]
    return [
        item["Id"],
        item["Timestamp"],
        item["Action"],
        actor["Kind"],
        actor["Name"],
        about["Kind"],
        about["Id"],
        about["Name"],
        json.dumps(item["Changes"], ensure_ascii=False) if item["Changes"] else "",
        item["Address"],
        item["RequestId"],
    ]
