"""Tenders between retailers and suppliers, told in ids that the receiver looks up."""

from __future__ import annotations

from datetime import timedelta

from subscriptions.profiles.definition import (
    Policy,
    Profile,
    Retried,
    Signature,
    Unacknowledged,
)
from subscriptions.profiles.supplierxm.catalogue import load_event_types
from subscriptions.profiles.supplierxm.envelope import (
    ENVELOPE_SCHEMA,
    VERSION,
    envelope,
)

SUPPLIERXM = Profile(
    name="supplierxm",
    title="SupplierXM",
    version=str(VERSION),
    policy=Policy(
        verifies_ownership=False,
        ordered_per_entity=True,
        timeout=timedelta(seconds=30),
        success=frozenset({200}),
        retried=Retried.EVERYTHING,
        # The last attempt ends before the patience with a webhook does.
        delays=(
            timedelta(minutes=1),
            timedelta(minutes=5),
            timedelta(minutes=15),
            timedelta(minutes=60),
            timedelta(hours=3),
            timedelta(hours=6),
            timedelta(hours=12),
            timedelta(hours=24),
        ),
        stop_rule=Unacknowledged(after=timedelta(hours=48)),
        stops_when_gone=False,
    ),
    signature=Signature.TOKEN,
    envelope=envelope,
    envelope_schema=ENVELOPE_SCHEMA,
    load_event_types=load_event_types,
    event_ids_are_uuids=True,
    one_webhook_per_url=True,
)
