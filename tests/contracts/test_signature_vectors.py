"""The bytes of both signatures, held to vectors that our code did not compute."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deliveries.wire.signing import Content, platform_signature, standard_signature
from subscriptions.signing_keys import SigningKey

FILE = Path(__file__).with_name("signature_vectors.json")
VECTORS = json.loads(FILE.read_text(encoding="utf-8"))["vectors"]


@pytest.fixture(params=VECTORS, ids=[vector["name"] for vector in VECTORS])
def vector(request):
    return request.param


def signed(sign, vector):
    content = Content(vector["eventId"], vector["timestamp"], vector["body"].encode())
    return sign([SigningKey(text) for text in vector["secrets"]], content)


def test_the_platforms_signature(vector):
    assert signed(platform_signature, vector) == vector["platformSignature"]


def test_the_signature_of_standard_webhooks(vector):
    assert signed(standard_signature, vector) == vector["standardSignature"]
