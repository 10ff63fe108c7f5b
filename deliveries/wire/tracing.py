"""W3C trace context: https://www.w3.org/TR/trace-context/."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

# Versions after 00 may append fields, and their first four mean the same.
_WELL_FORMED = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})"
    r"-(?P<trace>(?!0{32})[0-9a-f]{32})"
    r"-(?P<parent>(?!0{16})[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<rest>-[!-~]*)?"
)
LONGEST = 512
_SAMPLED = 1


def accepted(text: str) -> str:
    """*text* as version 00 has it; empty where it is none: then a trace begins anew."""
    found = _WELL_FORMED.fullmatch(text) if len(text) <= LONGEST else None
    if not found or (found["version"] == "00" and found["rest"]):
        return ""
    flags = int(found["flags"], 16) & _SAMPLED
    return f"00-{found['trace']}-{found['parent']}-{flags:02x}"


def trace_of(parent: str) -> str | None:
    """The trace's id, of what `accepted` returned."""
    return parent.split("-")[1] if parent else None


def traceparent(own: UUID, *, span: int, parent: str = "") -> str:
    """The header of a try: in the trace of *parent*, or in one of its own."""
    span_id = (own.int ^ span) & (1 << 64) - 1
    if not parent:
        return f"00-{own.hex}-{span_id:016x}-01"
    _, trace, _, flags = parent.split("-")
    return f"00-{trace}-{span_id:016x}-{flags}"
