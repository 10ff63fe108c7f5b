"""Secrets at rest: sealed by the first key of the ring, bound to their row."""

from __future__ import annotations

import base64

import pytest

from subscriptions.sealing import BadKeyRing, Unsealable, parse_key_ring

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def key(fill):
    return base64.b64encode(fill * 32).decode()


OLD = f"old:{key(b'o')}"
NEW = f"new:{key(b'n')}"


def test_what_is_sealed_opens_again():
    ring = parse_key_ring(OLD)

    sealed = ring.seal(SECRET, context="row 1")

    assert sealed.startswith("v1.old.")
    assert SECRET not in sealed
    assert ring.unseal(sealed, context="row 1") == SECRET


def test_the_same_secret_is_sealed_differently_each_time():
    ring = parse_key_ring(OLD)

    assert len({ring.seal(SECRET, context="row 1") for _ in range(20)}) == 20


def test_the_first_key_seals_and_all_open():
    sealed = parse_key_ring(OLD).seal(SECRET, context="row 1")
    ring = parse_key_ring(f"{NEW}, {OLD}")

    assert ring.unseal(sealed, context="row 1") == SECRET
    assert not sealed.startswith(ring.prefix)
    assert ring.seal(SECRET, context="row 1").startswith(ring.prefix)


def test_a_secret_moved_to_another_row_does_not_open():
    ring = parse_key_ring(OLD)
    sealed = ring.seal(SECRET, context="row 1")

    with pytest.raises(Unsealable, match=r"^InvalidTag$"):
        ring.unseal(sealed, context="row 2")


def test_a_retired_key_opens_nothing():
    sealed = parse_key_ring(OLD).seal(SECRET, context="row 1")

    with pytest.raises(Unsealable, match=r"^KeyError$"):
        parse_key_ring(NEW).unseal(sealed, context="row 1")


def test_a_key_by_the_same_name_is_not_the_same_key():
    sealed = parse_key_ring(OLD).seal(SECRET, context="row 1")
    impostor = parse_key_ring(f"old:{key(b'x')}")

    with pytest.raises(Unsealable):
        impostor.unseal(sealed, context="row 1")


@pytest.mark.parametrize(
    "garble",
    [
        lambda sealed: "",
        lambda sealed: SECRET,
        lambda sealed: sealed[:-8],
        lambda sealed: sealed.replace("v1.", "v2."),
        lambda sealed: sealed + ".x",
        lambda sealed: "v1.old.",
        lambda sealed: "v1.old.AAAA",
        lambda sealed: "v1.old.é",
        lambda sealed: sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:],
    ],
)
def test_what_was_tampered_with_does_not_open(garble):
    ring = parse_key_ring(OLD)
    sealed = ring.seal(SECRET, context="row 1")

    with pytest.raises(Unsealable):
        ring.unseal(garble(sealed), context="row 1")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "WEBHOOKS_ENCRYPTION_KEYS names no key."),
        (" , ", "WEBHOOKS_ENCRYPTION_KEYS names no key."),
        ("k1", "Each encryption key must be the base64 of 32 bytes."),
        ("k1:", "Each encryption key must be the base64 of 32 bytes."),
        ("k1:short", "Each encryption key must be the base64 of 32 bytes."),
        ("k1:é", "Each encryption key must be the base64 of 32 bytes."),
        (
            f"k1:{key(b'x')[:20]}",
            "Each encryption key must be the base64 of 32 bytes.",
        ),
        (
            f":{key(b'x')}",
            "Each encryption key needs an id of its own, without a dot.",
        ),
        (
            f"a.b:{key(b'x')}",
            "Each encryption key needs an id of its own, without a dot.",
        ),
        (
            f"{OLD},{OLD}",
            "Each encryption key needs an id of its own, without a dot.",
        ),
    ],
)
def test_a_ring_that_cannot_be_used_says_why(text, sentence):
    with pytest.raises(BadKeyRing) as raised:
        parse_key_ring(text)

    assert str(raised.value) == sentence


def test_a_ring_prints_without_its_keys():
    assert repr(parse_key_ring(OLD)) == "KeyRing(current='old')"
