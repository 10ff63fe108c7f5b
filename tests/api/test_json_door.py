"""What comes in as JSON, and what is said of what does not."""

from __future__ import annotations

import contextlib
import gzip
import hmac
import io
import json
import time

import pytest
from django.http.request import UnreadablePostError
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType

from deliveries.models import Event
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


def with_keys(count):
    return json.dumps({str(n): n for n in range(count)}).encode()


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
        (b'\t\r\n {"": ""}\n', {"": ""}),
        (b'{"a": 0.1000000000000000055511151231257827}', {"a": 0.1}),
        (b'{"a": -0, "b": -0.0, "c": 1E2}', {"a": 0, "b": -0.0, "c": 100.0}),
        (b'{"__proto__": {"a": 1}}', {"__proto__": {"a": 1}}),
        (b'{"a": "\\u0001\\u2028\\uffff"}', {"a": "\x01\u2028\uffff"}),
        (
            b'{"' + b"k" * 256 + b'": "\xf4\x8f\xbf\xbf"}',
            {"k" * 256: "\U0010ffff"},
        ),
        (with_keys(1000), {str(n): n for n in range(1000)}),
    ],
)
def test_an_object_comes_in_as_it_is(raw, value):
    assert read_object(raw) == value


def test_the_deepest_nesting_comes_in():
    assert read_object(nested(32))["a"]


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
        (b'{"a": "\\ud800\\ud800"}', "The body contains half of a surrogate pair."),
        (b'{"a": "\\udc00\\ud800"}', "The body contains half of a surrogate pair."),
        (b'{"\\uDBFF": 1}', "The body contains half of a surrogate pair."),
        (nested(33), "The body is nested deeper than 32 levels."),
        (nested(5_000), "The body is nested deeper than 32 levels."),
        (b"[" * 100_000, "The body is nested deeper than 32 levels."),
        (b"[" * 33 + b"]" * 33, "The body is nested deeper than 32 levels."),
        (b"[" * 32 + b"]" * 32, "The body must be a JSON object."),
        (b'{"a":' * 100_000, "The body is nested deeper than 32 levels."),
        (b'[{"a":' * 50_000, "The body is nested deeper than 32 levels."),
        (b'["' + b"[" * 1000 + b'"]', "The body must be a JSON object."),
        (with_keys(1001), "An object in the body has more than 1,000 keys."),
        (
            b'{"a": [' + with_keys(1001) + b"]}",
            "An object in the body has more than 1,000 keys.",
        ),
        (
            b'{"' + b"k" * 257 + b'": 1}',
            "A key in the body is longer than 256 characters.",
        ),
        (b"[" + b"9" * 31 + b"]", "A whole number in the body does not fit"),
        (b'{"a": ' + b"9" * 401 + b"}", "A whole number in the body does not fit"),
        (b'{"a": -9223372036854775809}', "A whole number in the body does not fit"),
        (b'{"a": 1e309}', "A number in the body is too large."),
        (b'{"a": 1' + b"0" * 400 + b".0}", "A number in the body is too large."),
        (b'{"a": Infinity}', "Infinity is not a JSON number."),
        (b'{"a": nan}', "The body is not JSON: "),
        (b'{"a": +1}', "The body is not JSON: "),
        (b'{"a": .5}', "The body is not JSON: "),
        (b'{"a": 1.}', "The body is not JSON: "),
        (b'{"a": 0x1}', "The body is not JSON: "),
        (b'{"a": 1_000}', "The body is not JSON: "),
        ('{"a": \u0661}'.encode(), "The body is not JSON: "),
        (b'{"a": True}', "The body is not JSON: "),
        (b'{"a": undefined}', "The body is not JSON: "),
        (b'{"a": "\\x41"}', "The body is not JSON: "),
        (b'{"a": "\\u00"}', "The body is not JSON: "),
        (b'{"a": "\\u 041"}', "The body is not JSON: "),
        (b'{"a": "', "The body is not JSON: "),
        (b'{"a" 1}', "The body is not JSON: "),
        (b"{a: 1}", "The body is not JSON: "),
        (b'{"a": 1} // so', "The body is not JSON: Extra data"),
        (b'{"a": /* so */ 1}', "The body is not JSON: "),
        (b'{"a": 1}\x00', "The body is not JSON: Extra data"),
        (b'{"a": 1}\n{"b": 2}\n', "The body is not JSON: Extra data"),
        (b")]}',\n{}", "The body is not JSON: "),
        (b"a=1&b=2", "The body is not JSON: "),
        (b"<a/>", "The body is not JSON: "),
        ("\u00a0{}".encode(), "The body is not JSON: "),
        ("{}".encode("utf-16-le"), "The body is not JSON: "),
        ("{}".encode("utf-32"), "The body is not UTF-8."),
        ('{"é": 1}'.encode("latin-1"), "The body is not UTF-8."),
        (b'{"a": "\xc0\x80"}', "The body is not UTF-8."),
        (b'{"a": "\xf4\x90\x80\x80"}', "The body is not UTF-8."),
        (b'{"a": "\xed\xa0\xbd\xed\xb8\x80"}', "The body is not UTF-8."),
        (gzip.compress(b"{}", mtime=0), "The body is not UTF-8."),
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


# What JSON readers disagree about, strewn between what they agree on.
json_pieces = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b" ", b"\n", b"\0", b"/*"),
        *(
            b'"a"',
            b'"a":',
            b'{"a":',
            b'"\\u0000"',
            b'"\\ud800"',
            b"\\u",
            b"\xef\xbb\xbf",
        ),
        *(b"1", b"-", b"0", b"1e999", b"9" * 25, b".", b"NaN", b"-Infinity", b"null"),
        *(b"true", b"\xff", b"\xed\xa0\x80", b"\xc3\xa9", b"#", b"'"),
    ]
)


@settings(max_examples=500)
@given(st.lists(json_pieces, max_size=30).map(b"".join))
def test_whatever_arrives_the_door_refuses_or_what_it_lets_in_can_be_stored(raw):
    try:
        found = parse(raw)
    except APIException as refusal:
        found = {"refused": str(refusal.detail)}

    stored = json.dumps(found, ensure_ascii=False, allow_nan=False)
    assert json.loads(stored.encode()) == found
    assert "\0" not in stored
    assert "\\u0000" not in stored


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
keys = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=256
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner),
    max_leaves=20,
)


@given(value=st.dictionaries(keys, values), ascii_only=st.booleans())
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


HOSTILE_DATA = {
    "NUL": b'"\\u0000"',
    "NUL in a key": b'{"\\u0000": 1}',
    "half a pair": b'"\\ud800"',
    "deep": b"[" * 40 + b"]" * 40,
    "very deep": b"[" * 100_000 + b"]" * 100_000,
    "twin keys": b'{"a": 1, "a": 2}',
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "1e999": b"1e999",
    "401 digits": b"9" * 401,
    "5,000 digits": b"9" * 5000,
    "a long key": b'{"' + b"k" * 300 + b'": 1}',
    "too many keys": with_keys(1001),
    "a comment": b"/* */ 1",
    "a control character": b'"\x01"',
    "not UTF-8": b'"\xff"',
}


@pytest.mark.parametrize("data", HOSTILE_DATA.values(), ids=HOSTILE_DATA)
def test_no_hostile_event_is_published(api, webhook, refused, data):
    event = (
        b'{"Type": "tender.created", "SubsidiaryId": "MAIN", "Data": {"x": %s}}' % data
    )

    refused(api.send("POST", "/events", event), 400)
    refused(api.send("POST", "/events/batch", b'{"Events": [%s]}' % event), 400)

    assert not Event.objects.exists()


def test_the_bytes_that_are_stored_are_those_that_are_signed_and_sent(
    api, receiver, drain
):
    new = api.post("/webhooks", wanted(receiver.url())).json()
    drain()
    data = b'{"tenderId": "T-\\u0031 \\ud83d\\ude00 <b> \\u2028", "x": 1.10}'
    event = b'{"Type": "tender.created", "SubsidiaryId": "MAIN", "Data": %s}' % data
    assert api.send("POST", "/events", event).status_code == 202

    drain()

    (request,) = receiver.events
    stored = Event.objects.get(type="tender.created")
    assert request.body == bytes(stored.body)
    assert json.loads(request.body)["data"] == {
        "tenderId": "T-1 😀 <b> \u2028",
        "x": 1.1,
    }
    message = f"{request['X-Alvys-Timestamp']}.{stored.public_id}.".encode()
    signature = hmac.digest(new["Secret"].encode(), message + request.body, "sha256")
    assert request["X-Alvys-Signature"].endswith(f",v1={signature.hex()}")


def wanted(url):
    return {
        "Name": "Production",
        "SubsidiaryId": "MAIN",
        "Url": url,
        "Events": ["tender.created"],
    }


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", "*/*"])
def test_answers_are_json_whatever_is_preferred(api, accept):
    response = api.client.get("/api/p/v3/webhooks", headers={"Accept": accept})

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
