"""An attempt as a command line, to try a receiver with. It holds no secret."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from deliveries.wire.redaction import REDACTED
from subscriptions.plain_text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

# The command line has an end, on some systems soon.
LONGEST_BODY = 16 * 1024
_OWN = ("content-length", "host")


def as_curl(url: str, headers: Mapping[str, str], body: str) -> str:
    """What was redacted is left out, as is what curl says by itself.

    A long body is read from a file that the person makes.
    """
    told = [
        f"-H {shlex.quote(visible(f'{name}: {value}'))}"
        for name, value in headers.items()
        if value != REDACTED and name.lower() not in _OWN
    ]
    data = shlex.quote(body if len(body) <= LONGEST_BODY else "@body.json")
    parts = [f"curl -X POST {shlex.quote(url)}", *told, f"--data-binary {data}"]
    return " \\\n  ".join(parts)
