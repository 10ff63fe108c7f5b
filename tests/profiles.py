"""Profiles for tests: dialects of our own, with the policy that a test is about."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from deliveries.publishing import publish
from subscriptions.models import Subsidiary
from subscriptions.profiles import (
    AttemptsInARow,
    EventTypeDefinition,
    Policy,
    Profile,
    Retried,
    Signature,
)
from tests.builders import make_webhook

if TYPE_CHECKING:
    from deliveries.models import Event
    from subscriptions.models import Tenant, Webhook
    from subscriptions.profiles import Facts

SAMPLE = {"letter": "L-1"}
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# As those of the second reference system: ten attempts in a day.
DELAYS = (
    *(timedelta(seconds=1), MINUTE, 9 * MINUTE, 20 * MINUTE, HOUR),
    *(90 * MINUTE, 3 * HOUR, 6 * HOUR, 12 * HOUR),
)


def envelope(facts: Facts) -> dict[str, Any]:
    return {
        "token": facts.event_id,
        "kind": facts.event_type.name,
        "sent": int(facts.timestamp.timestamp() * 1000),
        "content": facts.data,
    }


def make_profile(name: str, **policy: Any) -> Profile:
    """A dialect with the event type `<name>.sent` and that policy."""
    rules = {"verifies_ownership": False, "ordered_per_entity": False} | policy
    definition = EventTypeDefinition(
        profile=name,
        name=f"{name}.sent",
        group="Letters",
        description="A letter was sent.",
        schema={
            "type": "object",
            "properties": {"letter": {"type": "string"}},
            "required": ["letter"],
        },
        sample=SAMPLE,
        version="2",
    )
    return Profile(
        name=name,
        title=name.title(),
        version="2",
        policy=Policy(**rules),
        signature=Signature.PLATFORM,
        envelope=envelope,
        load_event_types=lambda: (definition,),
    )


def make_webhook_of(profile: Profile, tenant: Tenant, **fields: Any) -> Webhook:
    """An active webhook of that profile, subscribed to its event type."""
    names = [each.name for each in profile.event_types]
    return make_webhook(tenant, profile=profile.name, events=names, **fields)


def publish_in(profile: Profile, tenant: Tenant, **fact: Any) -> Event:
    """Publish the sample of the profile's event type."""
    (definition,) = profile.event_types
    wanted = {
        "subsidiary": Subsidiary.objects.filter(tenant=tenant).first(),
        "type": definition.name,
        "data": dict(definition.sample),
    } | fact
    return publish(tenant=tenant, **wanted).event


# Other processes find it here, by its dotted path.
PATIENT = make_profile(
    "patient",
    firsts_before_retries=True,
    timeout=timedelta(seconds=10),
    retried=Retried.EVERYTHING,
    delays=DELAYS,
    stop_rule=AttemptsInARow(100, within=72 * HOUR),
)
