"""A publisher as it should be: it asks again, under the same ids, until it is heard."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

from subscriptions.profiles import profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engine.product import Product

TYPE = "tender.created"
SAMPLE = profile("alvys").event_type(TYPE).sample
ENTITIES = 20
BATCH = 20
PATIENCE = 90


def entity_of(event_id: str) -> int:
    return int(event_id.removeprefix("e-")) % ENTITIES


class Publisher:
    """One after the other, so that ids rise in the order of commits."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self.says = {"Type": TYPE, "Data": SAMPLE}
        self.accepted: list[str] = []
        # What was answered instead of an acceptance.
        self.refusals: list[str] = []

    def publish(self, count: int) -> None:
        for start in range(0, count, BATCH):
            self._publish(min(BATCH, count - start))

    @contextmanager
    def publishing(self, *, pause: float = 0.2) -> Iterator[None]:
        """Meanwhile publish a few, and a few more."""
        stop, errors = threading.Event(), []

        def go_on() -> None:
            try:
                while not stop.wait(pause):
                    self._publish(5)
            except BaseException as error:  # noqa: BLE001 (raised again below)
                errors.append(error)

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        for error in errors:
            raise error

    def _publish(self, count: int) -> None:
        first = len(self.accepted)
        ids = [f"e-{number}" for number in range(first, first + count)]
        body = {"Events": [self.says | _whose(event_id) for event_id in ids]}
        deadline = time.monotonic() + PATIENCE
        while (answer := self._post(body)) not in {"200", "202"}:
            assert time.monotonic() < deadline, answer
            self.refusals.append(answer)
            time.sleep(0.2)
        self.accepted += ids

    def _post(self, body: Any) -> str:
        try:
            answer = self._product.call("POST", "/events/batch", body)
        except requests.RequestException as error:
            return type(error).__name__
        return str(answer.status_code)


def _whose(event_id: str) -> dict[str, str]:
    entity_id = f"entity-{entity_of(event_id)}"
    return {"Id": event_id, "SubsidiaryId": "MAIN", "EntityId": entity_id}
