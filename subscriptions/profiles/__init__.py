"""The webhook dialects we speak, as data: catalogue, vocabulary, rules.

Pure: nothing here imports Django, reads a setting or asks who is calling. A profile
promises that its names are unique and that each sample satisfies its schema.
"""

from __future__ import annotations

from subscriptions.profiles.definition import EventTypeDefinition, Policy, Profile
from subscriptions.profiles.diff_rules import CollectionRules, DiffRules
from subscriptions.profiles.registry import UnknownProfile, all_profiles, profile

__all__ = [
    "CollectionRules",
    "DiffRules",
    "EventTypeDefinition",
    "Policy",
    "Profile",
    "UnknownProfile",
    "all_profiles",
    "profile",
]
