"""What the templates of the pages are made of: `{% load skin %}`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from subscriptions.pages.badges import BADGES
from subscriptions.pages.icons import ICONS
from subscriptions.pages.json_tokens import json_tokens
from subscriptions.plain_text import visible

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

register = template.Library()

SVG = (
    '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" fill="none" '
    'stroke="currentColor" stroke-width="1.5" stroke-linecap="round" '
    'stroke-linejoin="round" aria-hidden="true"><path d="{}"/></svg>'
)
CODE = re.compile("`([^`]+)`")
TIME = '<time datetime="{}" title="{} UTC" data-when="{}">{}</time>'


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html(SVG, ICONS[name])


@register.inclusion_tag("skin/parts/badge.html")
def badge(state: str, *, label: str = "") -> dict[str, Any]:
    """The state of a webhook, a delivery or an attempt; *label*: other words."""
    return {"badge": BADGES[state], "label": label}


@register.inclusion_tag("skin/parts/copy.html")
def copy(text: str, *, what: str = "") -> dict[str, Any]:
    """A button that copies *text*; *what* names it for who cannot see it."""
    return {"text": text, "what": what or _("Copy")}


@register.inclusion_tag("skin/parts/code.html")
def code_pane(
    text: str, *, title: str = "", note: str = "", can_copy: bool = True, name: str = ""
) -> dict[str, Any]:
    """JSON with colours, any other text as it is. Strangers' text is welcome.

    With a *name*, its id on the page, it is copied from there: a long text stands in
    the page once.
    """
    return {
        "name": name,
        "tokens": json_tokens(text),
        "text": text if can_copy else "",
        "title": title,
        "note": note,
    }


@register.simple_tag
def when(moment: datetime | None, *, kind: str = "ago") -> str:
    """A moment, in the reader's zone once the script has run; UTC in its title.

    *kind*: ``ago`` (5 min ago), ``time`` (with seconds) or ``day``.
    """
    if moment is None:
        return _("never")
    utc = moment.astimezone(UTC)
    shown = utc.strftime("%Y-%m-%d" if kind == "day" else "%Y-%m-%d %H:%M:%S")
    iso = utc.isoformat(timespec="seconds")
    title = utc.strftime("%Y-%m-%d %H:%M:%S")
    return format_html(TIME, iso, title, kind, shown)


@register.filter
def duration(milliseconds: int | None) -> str:
    """279 ms, 2.1 s, 30 s; a dash where there is none."""
    if milliseconds is None:
        return "—"
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    digits = 1 if milliseconds % 1000 else 0
    return f"{number_format(milliseconds / 1000, decimal_pos=digits)} s"


@register.filter
def percent(rate: float | None) -> str:
    return "—" if rate is None else f"{number_format(rate, decimal_pos=1)} %"


@register.filter
def coded(text: str) -> SafeString:
    """What stands between backticks as code, all else as it is."""
    parts = (
        format_html("<code>{}</code>", part) if place % 2 else part
        for place, part in enumerate(CODE.split(text))
    )
    return format_html_join("", "{}", ((part,) for part in parts))


@register.filter
def plain(text: str) -> str:
    """Strangers' text with nothing hidden in it."""
    return visible(str(text))
