"""What happens to a tender: two lives as data, told with the catalogue's samples."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from subscriptions.profiles import profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One event. What it says that the type's sample does not.

    *snapshot*: members of the entity's snapshot; *previous*: those that were different
    before; *data*: members beside the snapshot.
    """

    type: str
    snapshot: Json = field(default_factory=dict)
    previous: Json = field(default_factory=dict)
    data: Json = field(default_factory=dict)

    @property
    def entity(self) -> str:
        return self.type.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Happening:
    """A step in the life of one tender: what there is to publish."""

    type: str
    entity: str
    entity_id: str
    data: Json = field(repr=False)
    previous: Json | None = field(repr=False)


def _moved(entity: str, before: str, after: str) -> Step:
    return Step(
        f"{entity}.status.changed",
        snapshot={"status": after},
        data={"previousStatus": before, "status": after},
    )


BEGINNING = (
    Step("tender.created"),
    Step("tender.accepted"),
    _moved("load", "Open", "Covered"),
    _moved("trip", "Open", "Covered"),
    Step("tender.change.created"),
    Step("tender.change.accepted"),
    Step(
        "load.changed",
        snapshot={"status": "Covered"},
        previous={"poNumber": "PO-66600"},
    ),
)
DELIVERED = (
    *BEGINNING,
    _moved("load", "Covered", "Dispatched"),
    _moved("trip", "Covered", "Dispatched"),
    Step("tender.stop.arrived"),
    Step("tender.stop.departed"),
    Step(
        "trip.changed",
        snapshot={"status": "In Transit"},
        previous={"status": "Dispatched", "pickedUpAt": None},
    ),
    _moved("trip", "Dispatched", "In Transit"),
    _moved("load", "Dispatched", "In Transit"),
    _moved("trip", "In Transit", "Delivered"),
    _moved("load", "In Transit", "Delivered"),
    Step("tender.invoiced"),
)
CANCELLED = (
    *BEGINNING,
    Step("tender.cancelled"),
    _moved("load", "Covered", "Cancelled"),
    _moved("trip", "Covered", "Cancelled"),
)
EVENT_TYPES = sorted({step.type for step in (*DELIVERED, *CANCELLED)})


class Tender:
    """One tender with its load and its trip: the samples, under ids of its own."""

    def __init__(self, *, number: int) -> None:
        self.number = str(number)
        self._ids = {entity: str(uuid4()) for entity in ("tender", "load", "trip")}
        self._names = {_SAMPLE_NUMBER: self.number} | {
            _SAMPLE_IDS[entity]: own for entity, own in self._ids.items()
        }

    def happening(self, step: Step) -> Happening:
        data = self._renamed(_sample(step.type)) | step.data
        # The platform works it out from the two snapshots.
        data.pop("diff", None)
        snapshot: Json = data.get(step.entity, {})
        snapshot |= step.snapshot
        return Happening(
            type=step.type,
            entity=step.entity.title(),
            entity_id=self._ids[step.entity],
            data=data,
            previous=snapshot | step.previous if step.previous else None,
        )

    def _renamed(self, sample: Mapping[str, Any]) -> Json:
        text = json.dumps(sample)
        for name, own in self._names.items():
            text = text.replace(name, own)
        renamed: Json = json.loads(text)
        return renamed


def _sample(event_type: str) -> Mapping[str, Any]:
    definition = profile("alvys").event_type(event_type)
    if definition is None:
        raise LookupError(event_type)
    return definition.sample


_SAMPLE_NUMBER = _sample("tender.accepted")["loadNumber"]
_SAMPLE_IDS = {
    "tender": _sample("tender.created")["tender"]["id"],
    "load": _sample("load.changed")["load"]["id"],
    "trip": _sample("trip.changed")["trip"]["id"],
}
