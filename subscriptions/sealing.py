"""Secrets at rest: AES-256-GCM under a ring of keys, bound to the row they belong to.

A sealed text is ``v1.<key id>.<base64 of nonce, ciphertext and tag>``. The context is
authenticated with it: a text that was moved to another row does not open.
"""

from __future__ import annotations

import base64
import os
import secrets
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from subscriptions.conf import encryption_keys

VERSION = "v1"
NONCE_BYTES = 12
KEY_BYTES = 32
# Stands in while DEBUG is on; a system check refuses it otherwise.
DEVELOPMENT_KEYS = "development:" + base64.b64encode(b"\0" * KEY_BYTES).decode()


class BadKeyRing(ValueError):
    """WEBHOOKS_ENCRYPTION_KEYS cannot be used; the message says why."""


class Unsealable(ValueError):
    """The text was not sealed by one of our keys for this row."""


@dataclass(frozen=True, eq=False)
class KeyRing:
    """The first key seals, all of them open."""

    keys: dict[str, AESGCM] = field(repr=False)
    current: str

    def seal(self, secret: str, *, context: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        box = self.keys[self.current].encrypt(nonce, secret.encode(), context.encode())
        encoded = base64.urlsafe_b64encode(nonce + box).decode()
        return self.prefix + encoded

    def unseal(self, sealed: str, *, context: str) -> str:
        """Return the secret; raises Unsealable."""
        try:
            version, key_id, encoded = sealed.split(".")
            box = base64.urlsafe_b64decode(encoded)
            key = self.keys[key_id]
            secret = key.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], context.encode())
        except (KeyError, ValueError, InvalidTag) as error:
            raise Unsealable(type(error).__name__) from None
        if version != VERSION:
            raise Unsealable(version)
        return secret.decode()

    @property
    def prefix(self) -> str:
        """How all begins that is sealed under the current key."""
        return f"{VERSION}.{self.current}."


@lru_cache(maxsize=4)
def parse_key_ring(text: str) -> KeyRing:
    """Read ``id:base64,id:base64``; raises BadKeyRing."""
    keys: dict[str, AESGCM] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        key_id, _, encoded = entry.partition(":")
        if not key_id or "." in key_id or key_id in keys:
            message = "Each encryption key needs an id of its own, without a dot."
            raise BadKeyRing(message)
        keys[key_id] = AESGCM(_key_material(encoded))
    if not keys:
        message = "WEBHOOKS_ENCRYPTION_KEYS names no key."
        raise BadKeyRing(message)
    return KeyRing(keys, current=next(iter(keys)))


def _key_material(encoded: str) -> bytes:
    try:
        material = base64.b64decode(encoded, validate=True)
    except ValueError:
        material = b""
    if len(material) != KEY_BYTES:
        message = "Each encryption key must be the base64 of 32 bytes."
        raise BadKeyRing(message)
    return material


def new_key(*, key_id: str) -> str:
    """An entry for WEBHOOKS_ENCRYPTION_KEYS, as ``id:base64``."""
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def key_ring() -> KeyRing:
    return parse_key_ring(encryption_keys() or DEVELOPMENT_KEYS)


def seal(secret: str, *, context: str) -> str:
    return key_ring().seal(secret, context=context)


def unseal(sealed: str, *, context: str) -> str:
    """Return the secret; raises Unsealable."""
    return _unsealed(key_ring(), sealed, context)


@lru_cache(maxsize=4096)
def _unsealed(ring: KeyRing, sealed: str, context: str) -> str:
    # A worker opens the same few secrets with every batch.
    return ring.unseal(sealed, context=context)
