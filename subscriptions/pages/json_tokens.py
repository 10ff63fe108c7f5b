"""JSON as coloured text: tokens of the raw text, so that nothing escaped is parsed.

Numbers and strings stay as they were sent, digit for digit; only the white space
between them is ours.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subscriptions.json_depth import is_deeper_than
from subscriptions.plain_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 64
# Beyond it a page gets slow; the text stays, without colours.
MAX_LENGTH = 65_536
# Each costs a page several times its own length; so many are indented all the same.
MAX_TOKENS = 3_000
_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*")(?P<key>\s*:)?'
    r"|(?P<number>-?[0-9][0-9.eE+-]*)"
    r"|(?P<word>true|false|null)"
    r"|(?P<open>[\[{])(?P<empty>\s*[\]}])?"
    r"|(?P<close>[\]}])|(?P<comma>,)"
)


@dataclass(frozen=True, slots=True)
class Token:
    """*kind*: key, string, number, word, or nothing for what lies between."""

    kind: str
    text: str


def json_tokens(text: str) -> list[Token]:
    """Indented, if it is JSON; else, or if it is long or deep, one token as it is."""
    if len(text) > MAX_LENGTH or not _is_json(text):
        return [Token("", visible(text))]
    tokens = list(_indented(text))
    if len(tokens) > MAX_TOKENS:
        return [Token("", "".join(each.text for each in tokens))]
    return tokens


def _is_json(text: str) -> bool:
    if is_deeper_than(MAX_DEPTH, raw=text.encode(errors="replace")):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _indented(text: str) -> Iterator[Token]:
    depth = 0
    for found in _TOKEN.finditer(text):
        if found["close"]:
            depth -= 1
            yield _line(depth)
        yield from _token(found)
        if found["open"] and not found["empty"]:
            depth += 1
            yield _line(depth)
        if found["comma"]:
            yield _line(depth)


def _token(found: re.Match[str]) -> Iterator[Token]:
    if found["string"]:
        yield Token("key" if found["key"] else "string", visible(found["string"]))
        if found["key"]:
            yield Token("", ": ")
    elif found["open"]:
        yield Token("", found["open"] + (found["empty"] or "").strip())
    else:
        kind = {"number": "number", "word": "word"}.get(found.lastgroup or "", "")
        yield Token(kind, found[0])


def _line(depth: int) -> Token:
    return Token("", "\n" + "  " * depth)
