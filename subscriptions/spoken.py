"""What we say, in the language of who reads it."""

from __future__ import annotations

import re
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING

from django.utils.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Iterable

    from subscriptions.refusals import Refusal


def spoken(refusal: Refusal) -> str:
    return gettext(refusal.template).format(**refusal.facts)


def retold(text: str, *, templates: Iterable[str]) -> str:
    """A sentence of ours that was stored in English; any other text as it is.

    *templates*: of what it may be made, if there are facts in it. A fact that is a word
    or a sentence of ours is told again as well.
    """
    whole = gettext(text) if text else text
    if whole != text:
        return whole
    for template in templates:
        if made := _pattern(template).fullmatch(text):
            facts = made.groupdict().items()
            told = {name: retold(fact, templates=templates) for name, fact in facts}
            return gettext(template).format(**told)
    return text


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """What is made of *template*; each fact is as short as can be."""
    parts = (
        re.escape(said) + (f"(?P<{fact}>.+?)" if fact else "")
        for said, fact, _form, _conversion in Formatter().parse(template)
    )
    return re.compile("".join(parts), re.DOTALL)
