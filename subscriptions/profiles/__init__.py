"""The webhook dialects we speak, as data: catalogue, vocabulary, rules.

Pure: nothing here imports Django, reads a setting or asks who is calling. A profile
promises that its names are unique and that each sample satisfies its schema.
"""

from __future__ import annotations

from subscriptions.profiles.definition import (
    SUCCESSFUL,
    AttemptsInARow,
    EventsInARow,
    EventTypeDefinition,
    Facts,
    Policy,
    Profile,
    Retried,
    Signature,
    StopRule,
    Unacknowledged,
)
from subscriptions.profiles.diff_rules import CollectionRules, DiffRules
from subscriptions.profiles.registry import (
    ProfileExists,
    UnknownProfile,
    all_profiles,
    is_known,
    profile,
    register,
)

__all__ = [
    "SUCCESSFUL",
    "AttemptsInARow",
    "CollectionRules",
    "DiffRules",
    "EventTypeDefinition",
    "EventsInARow",
    "Facts",
    "Policy",
    "Profile",
    "ProfileExists",
    "Retried",
    "Signature",
    "StopRule",
    "Unacknowledged",
    "UnknownProfile",
    "all_profiles",
    "is_known",
    "profile",
    "register",
]
