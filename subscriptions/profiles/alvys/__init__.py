"""The default profile: a transport management system, from tender to invoice."""

from __future__ import annotations

from subscriptions.profiles.alvys.catalogue import ENVELOPE_VERSION, load_event_types
from subscriptions.profiles.definition import Policy, Profile

ALVYS = Profile(
    name="alvys",
    title="Alvys",
    version=ENVELOPE_VERSION,
    policy=Policy(verifies_ownership=True, ordered_per_entity=True),
    load_event_types=load_event_types,
)
