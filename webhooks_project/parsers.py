"""The JSON door: bytes in, an object out, or a sentence that says what is wrong.

PostgreSQL refuses NUL and lone surrogates, recursion ends deep nesting badly, and a
key that stands twice hides one of its values: all are refused before anyone looks.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from django.http.request import UnreadablePostError
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser

from subscriptions.api.refusals import BodyTooLarge
from subscriptions.json_depth import is_deeper_than

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from django.http import HttpRequest
    from rest_framework.renderers import BaseRenderer
    from rest_framework.request import Request

MAX_BYTES = 256 * 1024
MAX_HEARD = 16 * 1024 * 1024
MAX_DEPTH = 32
MAX_KEYS = 1000
MAX_KEY_LENGTH = 256
_JSON_MEDIA_TYPE = re.compile(r"(?:application|text)/json|application/[^;\s]+\+json")
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^";\s]*)')
# Only an escape can smuggle in what plain UTF-8 cannot say: NUL, half a surrogate pair.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class LengthRequired(APIException):
    status_code = 411
    default_detail = "The body needs a Content-Length here."


class JSONNegotiation(DefaultContentNegotiation):
    """JSON in every spelling comes in; JSON goes out, whatever is preferred."""

    def select_parser(
        self, request: Request, parsers: Iterable[BaseParser]
    ) -> BaseParser | None:
        media_type = (request.content_type or "").lower().partition(";")[0].strip()
        if _JSON_MEDIA_TYPE.fullmatch(media_type):
            media_type = StrictJSONParser.media_type
        return next((each for each in parsers if each.media_type == media_type), None)

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type or ""


class StrictJSONParser(BaseParser):
    """One JSON object in UTF-8, of at most 256 KiB or the view's ``max_body_bytes``."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Any = None,
    ) -> dict[str, Any]:
        charset = _CHARSET.search((media_type or "").lower())
        if charset and charset[1] not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(
                media_type or "", detail="JSON must be in UTF-8."
            )
        view = (parser_context or {}).get("view")
        limit = getattr(view, "max_body_bytes", MAX_BYTES)
        raw = read_within(stream, limit=limit)
        return read_object(raw) if raw else {}


def read_within(stream: BinaryIO, *, limit: int) -> bytes:
    """Read all of *stream*; raises BodyTooLarge before it holds more than *limit*."""
    try:
        raw = stream.read(limit + 1)
    except UnreadablePostError:
        message = "The connection ended before the body did."
        raise ParseError(message) from None
    if len(raw) > limit:
        message = f"The body must not be larger than {limit:,} bytes."
        raise BodyTooLarge(message)
    return raw


def hear_out(request: HttpRequest) -> None:
    """Let go by what a refused request still says, up to 16 MiB.

    A server closes a connection on which much was left unread, without a word: its
    client's next request fails, such as the one for the token that it was refused for.
    """
    with suppress(UnreadablePostError):
        for _ in range(MAX_HEARD // MAX_BYTES):
            if not request.read(MAX_BYTES):
                return


def admit_chunked(request: HttpRequest) -> None:
    """Let a body without a length in, to be read within its limit like any other.

    Django takes it for empty, although some HTTP clients send each JSON body in
    chunks. Only a server that ends the stream itself makes that safe; without one we
    ask for the length: raises LengthRequired.
    """
    meta = request.META
    if meta.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" not in meta:
        return
    if not meta.get("wsgi.input_terminated"):
        raise LengthRequired
    meta["CONTENT_LENGTH"] = "-1"
    request._stream = meta["wsgi.input"]  # noqa: SLF001 (what Django bounds to nothing)


def read_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in *raw*; raises ParseError with a sentence."""
    if is_deeper_than(MAX_DEPTH, raw=raw):
        _refuse(f"The body is nested deeper than {MAX_DEPTH} levels.")
    try:
        value = json.loads(
            raw.decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError:
        _refuse("The body is not UTF-8.")
    except json.JSONDecodeError as error:
        _refuse(f"The body is not JSON: {error}.")
    if not isinstance(value, dict):
        _refuse("The body must be a JSON object.")
    if _SUSPECT.search(raw):
        _refuse_unstorable(value)
    return value


def _refuse(sentence: str) -> NoReturn:
    raise ParseError(sentence)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_KEYS:
        _refuse(f"An object in the body has more than {MAX_KEYS:,} keys.")
    found = dict(pairs)
    if len(found) < len(pairs):
        _refuse_twin(key for key, _ in pairs)
    if max(map(len, found), default=0) > MAX_KEY_LENGTH:
        _refuse(f"A key in the body is longer than {MAX_KEY_LENGTH} characters.")
    return found


def _refuse_twin(keys: Iterable[str]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            _refuse(f"The key {key[:100]!r} stands twice in one object.")
        seen.add(key)


def _integer(text: str) -> int:
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        _refuse("A whole number in the body does not fit into 64 bits.")
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        _refuse("A number in the body is too large.")
    return number


def _refuse_constant(text: str) -> NoReturn:
    _refuse(f"{text} is not a JSON number.")


def _refuse_unstorable(value: Any) -> None:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                _refuse_characters(text)
            case list() as items:
                waiting += items
            case dict() as members:
                waiting += [*members, *members.values()]


def _refuse_characters(text: str) -> None:
    if "\0" in text:
        _refuse("The body contains the character NUL, which cannot be stored.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        _refuse("The body contains half of a surrogate pair.")
