"""A file that somebody downloads, as it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def attachment(
    parts: Iterable[bytes] | Iterable[str], *, name: str
) -> StreamingHttpResponse:
    """*name* ends with a key of MEDIA_TYPES. Nobody on the way may keep the file."""
    return StreamingHttpResponse(
        parts,
        content_type=MEDIA_TYPES[name.rpartition(".")[2]],
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )
