"""What comes in as JSON, and what is said of what does not."""

from __future__ import annotations

import contextlib
import io
import json
import time

import pytest
from django.http.request import UnreadablePostError
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError, UnsupportedMediaType

from subscriptions.api.tokens import FormParser
from webhooks_project.parsers import (
    MAX_BYTES,
    BodyTooLarge,
    StrictJSONParser,
    read_object,
)


def sentence_about(raw):
    with pytest.raises(ParseError) as raised:
        read_object(raw)
    return str(raised.value)


def nested(depth):
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", {}),
        (
            b' {"a": [1, 2.5, "\xc3\xa9", null, true]} ',
            {"a": [1, 2.5, "é", None, True]},
        ),
        (b'{"a": "\\ud83d\\ude00 \\u00e9"}', {"a": "😀 é"}),
        (b'{"a": 9223372036854775807}', {"a": 2**63 - 1}),
        (b'{"a": -9223372036854775808}', {"a": -(2**63)}),
        (b'{"a": 1e308, "b": 1e-400}', {"a": 1e308, "b": 0.0}),
        (b'{"a": {"b": 1}, "c": {"b": 2}}', {"a": {"b": 1}, "c": {"b": 2}}),
        (b'{"a": "' + b"[{" * 1000 + b'"}', {"a": "[{" * 1000}),
        (b'{"a": "\\"[[[", "b": "\\\\"}', {"a": '"[[[', "b": "\\"}),
    ],
)
def test_an_object_comes_in_as_it_is(raw, value):
    assert read_object(raw) == value


def test_the_deepest_nesting_comes_in():
    assert read_object(nested(64))["a"]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"{", "The body is not JSON: Expecting property name"),
        (b"{} {}", "The body is not JSON: Extra data"),
        (b"{'a': 1}", "The body is not JSON: "),
        (b'{"a": 1,}', "The body is not JSON: "),
        (b'{"a": 01}', "The body is not JSON: "),
        (b"// hello", "The body is not JSON: "),
        (b'{"a": "\n"}', "The body is not JSON: Invalid control character"),
        (b'{"a": "\x00"}', "The body is not JSON: Invalid control character"),
        (b'"' + b"\\" * 5, "The body is not JSON: "),
        (b"\xef\xbb\xbf{}", "The body is not JSON: Unexpected UTF-8 BOM"),
        (b" ", "The body is not JSON: "),
        (b"\xff", "The body is not UTF-8."),
        ("{}".encode("utf-16"), "The body is not UTF-8."),
        (b'{"a": "\xed\xa0\x80"}', "The body is not UTF-8."),
        (b"[]", "The body must be a JSON object."),
        (b"null", "The body must be a JSON object."),
        (b'"text"', "The body must be a JSON object."),
        (b"1", "The body must be a JSON object."),
        (b'{"a": 1, "a": 2}', "The key 'a' stands twice in one object."),
        (b'{"x": [{"a": 1, "a": 1}]}', "The key 'a' stands twice in one object."),
        (b'{"a": 1, "\\u0061": 2}', "The key 'a' stands twice in one object."),
        (b'{"a": NaN}', "NaN is not a JSON number."),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number."),
        (b'{"a": 1e999}', "A number in the body is too large."),
        (b'{"a": -1e999}', "A number in the body is too large."),
        (
            b'{"a": 9223372036854775808}',
            "A whole number in the body does not fit into 64 bits.",
        ),
        (
            b'{"a": ' + b"9" * 5000 + b"}",
            "A whole number in the body does not fit into 64 bits.",
        ),
        (
            b'{"a": "\\u0000"}',
            "The body contains the character NUL, which cannot be stored.",
        ),
        (
            b'{"\\u0000": 1}',
            "The body contains the character NUL, which cannot be stored.",
        ),
        (b'{"a": ["\\ud800"]}', "The body contains half of a surrogate pair."),
        (b'{"a": {"\\udc00": 1}}', "The body contains half of a surrogate pair."),
        (nested(65), "The body is nested deeper than 64 levels."),
        (b"[" * 100_000, "The body is nested deeper than 64 levels."),
        (b'{"a":' * 100_000, "The body is nested deeper than 64 levels."),
    ],
)
def test_what_does_not_come_in_is_told_why(raw, sentence):
    assert sentence_about(raw).startswith(sentence)


@pytest.mark.parametrize(
    "raw",
    [
        b'"' + b'\\"' * 130_000,
        b'{"a": "' + b"\\" * 260_000,
        b'"x' * 87_000,
        b'{"a": [' + b"0," * 130_000 + b"0]}",
    ],
)
def test_no_body_takes_long(raw):
    began = time.perf_counter()

    with contextlib.suppress(ParseError):
        read_object(raw)

    assert time.perf_counter() - began < 1


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_an_object_or_a_sentence(raw):
    try:
        found = read_object(raw)
    except ParseError as error:
        found = str(error)

    assert isinstance(found, dict) or found.endswith(".")


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


@given(value=st.dictionaries(texts, values), ascii_only=st.booleans())
def test_what_can_be_stored_comes_back(value, ascii_only):
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()

    assert read_object(raw) == value


def parse(raw, media_type="application/json", **context):
    stream = io.BytesIO(raw)
    return StrictJSONParser().parse(stream, media_type, context)


def body_of(size):
    return b'{"a":"' + b"x" * (size - 8) + b'"}'


def test_a_body_may_have_256_kib_and_not_a_byte_more():
    assert parse(body_of(MAX_BYTES))

    with pytest.raises(BodyTooLarge, match=r"not be larger than 262,144 bytes\.$"):
        parse(body_of(MAX_BYTES + 1))


def test_a_view_may_take_more():
    class View:
        max_body_bytes = MAX_BYTES + 1

    assert parse(body_of(MAX_BYTES + 1), view=View())


def test_no_more_is_read_than_is_allowed():
    stream = io.BytesIO(body_of(2**24))

    with pytest.raises(BodyTooLarge):
        StrictJSONParser().parse(stream)

    assert stream.tell() == MAX_BYTES + 1


class BrokenStream:
    def read(self, size):
        raise UnreadablePostError


@pytest.mark.parametrize("parser", [StrictJSONParser, FormParser])
def test_a_body_that_breaks_off_is_no_fault_of_ours(parser):
    with pytest.raises(ParseError, match=r"^The connection ended before the body did"):
        parser().parse(BrokenStream())


def test_nothing_is_an_empty_object():
    assert parse(b"") == {}


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
def test_json_says_it_is_utf_8(charset):
    assert parse(b"{}", f"application/json; charset={charset}") == {}


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", ""])
def test_json_is_in_no_other_encoding(charset):
    with pytest.raises(UnsupportedMediaType, match=r"^JSON must be in UTF-8\.$"):
        parse(b"{}", f"application/json; charset={charset}")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "text/json",
        "application/vnd.alvys+json",
        "application/json ; charset=utf-8",
    ],
)
def test_json_has_several_names(api, refused, content_type):
    refused(api.send("POST", "/webhooks", b"{}", content_type), 400)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/html",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/xml",
        "json",
        "/",
        "*/*",
        "application/json; charset=utf-16",
        "application/" + "x" * 3000 + "+json+xml",
    ],
)
def test_nothing_else_is_json(api, refused, content_type):
    refused(api.send("POST", "/webhooks", b"{}", content_type), 415)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"a":1,"a":1}', 400),
        (b'{"Name": "\\u0000"}', 400),
        (body_of(MAX_BYTES + 1), 413),
    ],
)
@pytest.mark.parametrize(
    "operation",
    ["POST ", "PUT /{id}", "POST /{id}/disable", "POST /{id}/rotate-secret"],
)
def test_the_door_stands_before_every_body(
    api, webhook, refused, operation, raw, status
):
    before = api.get("/webhooks").json()
    method, _, path = operation.replace("{id}", webhook.public_id).partition(" ")

    refused(api.send(method, f"/webhooks{path}", raw), status)

    assert api.get("/webhooks").json() == before


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", "*/*"])
def test_answers_are_json_whatever_is_preferred(api, accept):
    response = api.client.get("/api/p/v3/webhooks", headers={"Accept": accept})

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
