"""Identity decisions: journeys, reviews and evaluations of the people who apply."""

from __future__ import annotations

from datetime import timedelta

from subscriptions.profiles.alloy.catalogue import load_event_types
from subscriptions.profiles.alloy.envelope import ENVELOPE_SCHEMA, VERSION, envelope
from subscriptions.profiles.definition import (
    AttemptsInARow,
    Policy,
    Profile,
    Retried,
    Signature,
)

ALLOY = Profile(
    name="alloy",
    title="Alloy",
    version=VERSION,
    policy=Policy(
        verifies_ownership=False,
        ordered_per_entity=False,
        firsts_before_retries=True,
        timeout=timedelta(seconds=10),
        retried=Retried.EVERYTHING,
        # Ten attempts within 24 hours of the first failure.
        delays=(
            timedelta(seconds=1),
            timedelta(minutes=1),
            timedelta(minutes=9),
            timedelta(minutes=20),
            timedelta(minutes=60),
            timedelta(minutes=90),
            timedelta(hours=3),
            timedelta(hours=6),
            timedelta(hours=12),
        ),
        stop_rule=AttemptsInARow(100, within=timedelta(hours=72)),
    ),
    signature=Signature.CHOSEN,
    envelope=envelope,
    envelope_schema=ENVELOPE_SCHEMA,
    load_event_types=load_event_types,
    event_ids_are_uuids=True,
)
