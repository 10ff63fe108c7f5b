"""Requests that no document describes: never a 5xx, and never a page of HTML."""

from __future__ import annotations

import os
import random
from functools import partial
from itertools import product

import pytest
from django.test import Client

from tests.api.conftest import address, error_type
from tests.isolation.route_table import ROWS, body_of
from tests.isolation.test_route_matrix import WITH_IDS, at

SEED = int(os.environ.get("FUZZ_SEED", "0"))
ROUNDS = int(os.environ.get("FUZZ_EXAMPLES", "8"))
EACH = pytest.mark.parametrize("row", ROWS, ids=str)

ODD_TEXTS = (
    "",
    "0",
    "-1",
    "٣",
    "1e9",
    "9" * 400,
    "NaN",
    "null",
    "%00",
    "%2f",
    "%2e%2e%2f",
    "%ff%fe",
    "%ed%a0%80",
    "%u0041",
    "'\";--",
    "{{7*7}}",
    "%0d%0aX-A:%20b",
    "😀",
    "a" * 10_000,
    "2026-02-30",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00%2B23:59",
    "2026-01-01T00:00:60Z",
)
PARAMETERS = (
    *(
        "Page",
        "PageSize",
        "Limit",
        "Cursor",
        "Since",
        "Type",
        "EntityId",
        "CompanyCode",
    ),
    *("SubsidiaryId", "Status", "Event", "Search", "EventType", "StartDate", "EndDate"),
    *("EventId", "Format", "Days", "Profile", "Group", "Action", "ObjectId", "Actor"),
)
HEADERS = {
    "If-Match": ("*", '"', "W/", '""', '"a", "b"', "é", "\0", "x" * 8000),
    "Idempotency-Key": ("", " ", "é", "\0", "a" * 256, "a\tb", '"a"'),
    "Content-Type": (
        "",
        "application/json; charset=utf-16",
        "application/json; charset=nonsense",
        "application/json; charset=",
        "application/json;;;",
        "text/html",
        "/",
        "multipart/form-data",
        "multipart/form-data; boundary=é",
        "application/x-www-form-urlencoded",
    ),
    "Accept": ("", "text/html", "*/*;q=0", "é", "application/json;q=x", "," * 2000),
    "X-Request-Id": ("", "é", "\0", "a" * 5000, "<script>"),
    "Authorization": (
        "Bearer",
        "Bearer \0",
        "Bearer é",
        "Basic x",
        "Bearer " + "a" * 9000,
    ),
    "Content-Length": ("-1", "x", "0"),
    "Content-Encoding": ("gzip", "br", "nonsense"),
    "X-Forwarded-For": ("", "é", "1.1.1.1, x", ":::::"),
    "Range": ("bytes=0-", "bytes=9-1"),
    "traceparent": ("", "00-0-0-0", "é"),
}
ODD_BODIES = (
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"{",
    b"{}{}",
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b'{"Name": NaN}',
    b'{"Name": 1e999}',
    b'{"Name": ' + b"9" * 5000 + b"}",
    b'{"Name": "\\ud800"}',
    b'{"Name": "\\u0000"}',
    b'{"\\u0000": 1}',
    b'{"Name": 1, "Name": 2}',
    b'{"Name": "\xff"}',
    b'{"a":' + b"[" * 5000,
    b"a=b",
    b"--x\r\n\r\n--x--",
    b'{"Name": {"$ne": null}}',
)
VALUES = (
    None,
    True,
    0,
    -1,
    2**63,
    2**70,
    1.5,
    "",
    " ",
    "\u2028",
    "😀" * 300,
    [],
    {},
    [[]],
)


def must_be_plain(response):
    content = b"".join(response) if response.streaming else response.content
    kind = response.headers.get("Content-Type", "")
    assert response.status_code < 500, content
    assert not kind.startswith("text/html"), content
    if response.status_code >= 400 and content:
        assert kind == error_type(response)
    return response


@pytest.fixture
def caller(api, acmes):
    acmes.with_recovery()
    api.client.raise_request_exception = False
    return api


def chances(*words):
    return random.Random(f"{SEED} {words}")  # noqa: S311 (to be repeated, not guarded)


@EACH
def test_odd_parameters(caller, acmes, undone, row):
    chance = chances(row)
    for _ in range(3 * ROUNDS):
        names = [
            chance.choice(PARAMETERS) + chance.choice(("", "", "", "[]", "[0]", "__gt"))
            for _ in range(chance.randint(1, 3))
        ]
        names += [chance.choice(names)]
        query = "&".join(f"{name}={chance.choice(ODD_TEXTS)}" for name in names)
        path = f"{at(row.route, acmes.ids)}?{query}"
        must_be_plain(undone(partial(caller.send, row.method, path, b"{}")))


@WITH_IDS
def test_odd_ids(caller, acmes, undone, row):
    named = [name for name in acmes.ids if f"<str:{name}>" in row.route]
    for text, name in product(ODD_TEXTS, named):
        right = acmes.ids[name]
        for odd in (text, right + text, right.upper() + text):
            path = at(row.route, acmes.ids | {name: odd})
            must_be_plain(undone(partial(caller.send, row.method, path, b"{}")))


@EACH
def test_odd_headers(caller, acmes, undone, row):
    where = address(at(row.route, acmes.ids))
    for name, texts in HEADERS.items():
        known = min(ROUNDS // 2, len(texts))
        for text in chances(row, name).sample(texts, k=known):
            headers = {"CONTENT_TYPE": "application/json", as_environ(name): text}
            ask = partial(caller.client.generic, row.method, where, b"{}", **headers)
            must_be_plain(undone(ask))


def as_environ(name):
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


WRITES = pytest.mark.parametrize(
    "row", [row for row in ROWS if row.method in ("POST", "PUT")], ids=str
)


@WRITES
def test_odd_bodies(caller, acmes, undone, row):
    path = at(row.route, acmes.ids)
    for body in ODD_BODIES:
        must_be_plain(undone(partial(caller.send, row.method, path, body)))


@WRITES
def test_a_body_with_one_odd_member(caller, acmes, undone, row):
    path, right = at(row.route, acmes.ids), body_of(row, acmes.ids)
    for name, value in product(right, VALUES):
        wrong = right | {name: value}
        must_be_plain(undone(partial(caller._send, row.method, path, wrong, {})))


def test_the_door_for_tokens_is_as_plain(db, undone):
    client = Client(raise_request_exception=False)
    kinds = ("application/json", "application/x-www-form-urlencoded", "text/plain", "")
    for body, kind in product(ODD_BODIES, kinds):
        ask = partial(client.generic, "POST", "/oauth/token", body, kind)
        answer = undone(ask)
        assert 400 <= answer.status_code < 500, answer.content
        assert "json" in answer["Content-Type"]
