"""What was sent and what came back, cut to what a page can carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from deliveries.pages.curl import as_curl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliveries.logs.entries import LogEntry

# What the transport keeps of an answer.
KEPT_OF_ANSWER = 16 * 1024
# Coloured text takes several times its own length of a page.
SHOWN = 16 * 1024
WHOLE = 1000
PHASES = (
    ("dns", "dns_ms"),
    ("connect", "connect_ms"),
    ("tls", "tls_ms"),
    ("wait", "wait_ms"),
)


@dataclass(frozen=True, slots=True)
class Phase:
    tone: str
    label: Any
    ms: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Panes:
    """*note* stands below a body: that it is cut, or gone."""

    request_headers: Mapping[str, str]
    request_body: str
    request_note: str
    response_headers: Mapping[str, str]
    response_body: str
    response_note: str
    curl: str

    @classmethod
    def of(cls, entry: LogEntry) -> Panes:
        sent, answered = entry.request_body or "", entry.response_body or ""
        gone = entry.payload_note or ""
        has_more = len(answered) >= KEPT_OF_ANSWER
        return cls(
            request_headers=entry.request_headers,
            request_body=sent[:SHOWN],
            request_note=gone or cut_note(sent),
            response_headers=entry.response_headers,
            response_body=answered,
            response_note=gone
            or (_("Cut: we keep the first 16 KB.") if has_more else ""),
            curl="" if gone else as_curl(entry.url, entry.request_headers, sent),
        )


def cut_note(body: str) -> str:
    """What to say below a body of which a page shows the beginning."""
    if len(body) <= SHOWN:
        return ""
    shown, whole = (number_format(n // 1024) for n in (SHOWN, len(body)))
    told = _("The first %(shown)s KB of %(whole)s KB. The API has the whole body.")
    return told % {"shown": shown, "whole": whole}


def timing_of(entry: LogEntry) -> list[Phase]:
    """The phases that happened, side by side; none where nothing was measured."""
    labels = {
        "dns": _("DNS lookup"),
        "connect": _("Connect"),
        "tls": _("TLS"),
        "wait": _("Waiting for your server"),
    }
    known = [
        (tone, ms)
        for tone, name in PHASES
        if (ms := getattr(entry.attempt, name, None)) is not None
    ]
    total = sum(ms for _tone, ms in known) or 1
    phases: list[Phase] = []
    at = 0
    for tone, ms in known:
        width = round(WHOLE * ms / total)
        phases.append(Phase(tone, labels[tone], ms, at, min(width, WHOLE - at)))
        at = min(at + width, WHOLE)
    return phases
