"""The default profile: a transport management system, from tender to invoice."""

from __future__ import annotations

from subscriptions.profiles.alvys.catalogue import load_event_types
from subscriptions.profiles.alvys.envelope import (
    ENVELOPE_SCHEMA,
    VERSION,
    envelope,
)
from subscriptions.profiles.definition import Policy, Profile, Signature

ALVYS = Profile(
    name="alvys",
    title="Alvys",
    version=VERSION,
    policy=Policy(verifies_ownership=True, ordered_per_entity=True),
    signature=Signature.PLATFORM,
    envelope=envelope,
    envelope_schema=ENVELOPE_SCHEMA,
    load_event_types=load_event_types,
)
