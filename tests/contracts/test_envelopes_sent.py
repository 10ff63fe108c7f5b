"""The body that a webhook receives: contract, section 7."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.builders import make_webhook, publish_sample, sample_of


@pytest.fixture
def body_received(acme, receiver, drain):
    """Publish an event of a type; return the body as the receiver read it."""

    def receive(event_type, **fact):
        make_webhook(acme, url=receiver.url(), events=[event_type])
        publish_sample(acme, event_type, **fact)
        drain()
        (request,) = receiver.events
        return request

    return receive


def test_it_has_these_members_in_this_order(body_received):
    body = body_received("tender.created", id="evt_1").json

    assert list(body) == ["id", "type", "timestamp", "version", "data"]
    assert body["id"] == "evt_1"
    assert body["type"] == "tender.created"
    assert body["version"] == "v1"
    assert body["data"] == sample_of("tender.created")


def test_the_timestamp_is_the_publishers_with_its_offset(body_received):
    chicago = timezone(timedelta(hours=-6))
    moment = datetime(2026, 11, 20, 17, 30, 5, tzinfo=chicago)

    body = body_received("tender.created", timestamp=moment).json

    assert body["timestamp"] == "2026-11-20T17:30:05-06:00"


def test_without_one_it_is_now_in_utc(body_received):
    before = datetime.now(UTC)

    sent = datetime.fromisoformat(body_received("tender.created").json["timestamp"])

    assert before <= sent <= datetime.now(UTC)
    assert sent.utcoffset() == timedelta()


def test_it_is_compact_utf_8(body_received):
    data = sample_of("tender.created")
    data["tender"]["notes"] = ["Łódź 🚚"]

    body = body_received("tender.created", data=data).body

    assert "Łódź 🚚".encode() in body
    assert b'{"id":' in body
    assert b'", "' not in body


@pytest.mark.parametrize(
    "event_type", ["load.document.uploaded", "truck.document.deleted"]
)
def test_documents_have_an_etag(body_received, event_type):
    document_id = sample_of(event_type)["document"]["id"]

    body = body_received(event_type, id=f"{document_id}-0x8DC4").json

    assert list(body) == ["id", "type", "timestamp", "version", "etag", "data"]
    assert body["etag"] == "0x8DC4"


def test_the_etag_follows_the_content_where_the_id_has_none(body_received):
    etag = body_received("load.document.uploaded", id="evt_1").json["etag"]

    assert len(etag) == 16
    assert int(etag, 16)
