"""The body of a webhook request."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from deliveries.wire.envelope import document_etag, envelope
from subscriptions.profiles import Facts, profile

MOMENT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


ALVYS = profile("alvys")
TENDER_CREATED = ALVYS.event_type("tender.created")


def enveloped(data, *, timestamp=MOMENT, etag=None):
    facts = Facts("evt_1", TENDER_CREATED, timestamp, data, etag)
    return envelope(facts, profile=ALVYS)


def test_the_bytes():
    assert enveloped({"a": 1, "b": None}) == (
        b'{"id":"evt_1","type":"tender.created","timestamp":"2026-11-21T08:00:00+00:00"'
        b',"version":"v1","data":{"a":1,"b":null}}'
    )


def test_members_of_data_keep_their_order():
    assert enveloped({"z": 1, "a": 2}).endswith(b'"data":{"z":1,"a":2}}')


def test_letters_are_utf_8():
    assert '"city":"Łódź 🚚"'.encode() in enveloped({"city": "Łódź 🚚"})


def test_the_timestamp_keeps_its_offset_and_its_fraction():
    moment = datetime(
        2026, 11, 21, 8, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=-6))
    )

    body = json.loads(enveloped({}, timestamp=moment))

    assert body["timestamp"] == "2026-11-21T08:00:00.250000-06:00"


def test_the_etag_stands_before_the_data():
    body = json.loads(enveloped({}, etag="0x8D"))

    assert list(body) == ["id", "type", "timestamp", "version", "etag", "data"]
    assert body["etag"] == "0x8D"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_json_is_refused(number):
    with pytest.raises(ValueError, match="Out of range float values"):
        enveloped({"a": number})


DOCUMENT = {"document": {"id": "f4d2-a6b8"}}


@pytest.mark.parametrize(
    ("event_id", "etag"),
    [
        pytest.param("f4d2-a6b8-0x8DC4", "0x8DC4", id="what follows the id"),
        pytest.param("f4d2-a6b8-a-b", "a-b", id="dashes and all"),
    ],
)
def test_the_etag_of_a_document_stands_in_the_events_id(event_id, etag):
    assert document_etag(event_id, DOCUMENT) == etag


@pytest.mark.parametrize("event_id", ["evt_1", "f4d2-a6b8-", "x-f4d2-a6b8-1", "f4d2"])
def test_else_it_is_a_digest_of_the_content(event_id):
    etag = document_etag(event_id, DOCUMENT)

    assert etag == document_etag("evt_2", DOCUMENT)
    assert etag != document_etag("evt_2", DOCUMENT | {"loadNumber": "1"})
    assert len(etag) == 16
