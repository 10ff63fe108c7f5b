"""Tells lives of tenders, one after the other, by publishing what happens."""

from __future__ import annotations

import secrets
import time
from itertools import chain, cycle, repeat
from typing import TYPE_CHECKING

from deliveries.publishing import publish
from webhooks_project.demo.data import assemble
from webhooks_project.demo.lifecycle import CANCELLED, DELIVERED, Tender
from webhooks_project.demo.waiting import is_listening, wait_for
from webhooks_project.demo.welcome import welcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webhooks_project.demo.data import Cast
    from webhooks_project.demo.lifecycle import Happening, Step
    from webhooks_project.demo.places import Places

# Seconds between two events: both lives within a minute, then slowly for ever.
BRISK = 2.0
SLOW = 5.0


def perform(places: Places, *, say: Callable[[str], object]) -> None:
    """Put everybody in place, welcome who watches, publish for ever; raises NotReady."""
    wait_for(lambda: is_listening(places.receiver_port), what="the receiver")
    cast = assemble(places)
    say(welcome(cast, places))
    _tell(cast, say=say)


def _tell(cast: Cast, *, say: Callable[[str], object]) -> None:
    for pause, life in _lives():
        tender = Tender(number=1_000_000 + secrets.randbelow(9_000_000))
        for step in life:
            happening = tender.happening(step)
            _publish(happening, cast)
            say(f"published {happening.type:<22} {_told(happening, tender.number)}")
            time.sleep(pause)


def _lives() -> Iterator[tuple[float, tuple[Step, ...]]]:
    pauses = chain(repeat(BRISK, 2), repeat(SLOW))
    return zip(pauses, cycle((CANCELLED, DELIVERED)), strict=False)


def _publish(happening: Happening, cast: Cast) -> None:
    publish(
        tenant=cast.tenant,
        subsidiary=cast.subsidiary,
        type=happening.type,
        data=happening.data,
        entity_type=happening.entity,
        entity_id=happening.entity_id,
        previous=happening.previous,
    )


def _told(happening: Happening, number: str) -> str:
    data = happening.data
    if "previousStatus" not in data:
        return f"load {number}"
    return f"load {number}: {data['previousStatus']} to {data['status']}"
