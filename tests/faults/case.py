"""One fault: events are published, something dies, and in the end the books agree."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from deliveries.policy.pacing import WIDEST
from tests.engine.product import wait_until
from tests.faults.publisher import TYPE, Publisher, entity_of
from tests.faults.rows import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine.product import Product
    from tests.receiver import Receiver

PATHS = ("/one", "/two")
# Requests under way to all webhooks at once.
LANES = 4 * len(PATHS)
# What has been sent and not recorded, or is yet to be sent: what one death can tear off.
IN_FLIGHT = WIDEST * len(PATHS)
# Longer than a lease, a minute's wait for healing, and a restart after a restart.
PATIENCE = 180

_DELIVERIES = """
SELECT delivery.id, webhook.url, event.public_id, delivery.state
FROM deliveries_delivery delivery
JOIN deliveries_event event ON event.id = delivery.event_id
JOIN subscriptions_webhook webhook ON webhook.id = delivery.webhook_id
"""
_ATTEMPTS = "SELECT delivery_id, status, error_kind FROM deliveries_attempt"
_UNFINISHED = "SELECT count(*) FROM deliveries_delivery WHERE state IN (0, 1)"
SUCCEEDED = 2

# Where an event arrived, or should have: a path and an event id.
Place = tuple[str, str]


class Line(NamedTuple):
    """A line of the table. *accepted* are events, the rest deliveries."""

    case: str
    accepted: int
    due: int
    delivered: int
    duplicates: int
    interrupted: int
    deaths: int
    seconds: float


@dataclass(frozen=True)
class Books:
    """What was sent, as the product wrote it down."""

    states: dict[Place, int]
    attempts: dict[Place, list[tuple[str, str]]]

    def count(self, kind: str) -> int:
        found = (each for attempts in self.attempts.values() for each in attempts)
        return sum(error_kind == kind for _, error_kind in found)


class Case:
    def __init__(
        self,
        name: str,
        product: Product,
        receiver: Receiver,
        *,
        report: Callable[[Line], None],
    ) -> None:
        self.name = name
        self.product = product
        self.receiver = receiver
        self.publisher = Publisher(product)
        self.deaths = 0
        self._report = report
        self._begun_at = 0.0

    def subscribe(self) -> None:
        """Two webhooks, verified by workers that are running."""
        urls = [self.receiver.url(path, host="127.0.0.1") for path in PATHS]
        webhooks = [self.product.create_webhook(url, [TYPE]) for url in urls]
        for webhook in webhooks:
            self.product.wait_for_status(webhook, "Active")

    def deaths_at_steps(self) -> int:
        """Of workers that were told to die at one (`WEBHOOKS_DIE_AT`)."""
        return self.product.output("workers").count("worker.killed")

    def wait_for_arrivals(self, count: int) -> None:
        wait_until(lambda: len(self.receiver.events) >= count)

    def unfinished(self) -> int:
        ((count,),) = rows(self.product.database_url, _UNFINISHED)
        return int(count)

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self._begun_at, 1)

    def begin_to_count(self) -> None:
        """Seconds to completion are those from now on."""
        self._begun_at = time.monotonic()

    def settle(self, *, duplicates: int = 0, failures: int = 0) -> None:
        """Wait for the end, hold the books against the receiver; report a line.

        *duplicates*: how many the fault may cause. *failures*: how many attempts the
        receiver has refused.
        """
        self._begun_at = self._begun_at or time.monotonic()
        wait_until(lambda: self.unfinished() == 0, patience=PATIENCE)
        seconds = self.seconds
        books, arrived = self._books(), self._arrived()
        self._assert_everything_arrived(books, arrived)
        self._assert_attempts_tell_the_truth(books, arrived, failures=failures)
        self._assert_order_was_kept()
        repeated = arrived.total() - len(arrived) - failures
        assert repeated <= duplicates
        line = Line(
            case=self.name,
            accepted=len(self.publisher.accepted),
            due=len(books.states),
            delivered=len(arrived),
            duplicates=repeated,
            interrupted=books.count("interrupted"),
            deaths=self.deaths,
            seconds=seconds,
        )
        self._report(line)

    def _books(self) -> Books:
        url = self.product.database_url
        found = rows(url, _DELIVERIES)
        place_of = {pk: (_path(url), event_id) for pk, url, event_id, _ in found}
        attempts = defaultdict(list)
        for pk, status, kind in rows(url, _ATTEMPTS):
            attempts[place_of[pk]].append((status, kind))
        states = {(_path(url), event_id): state for _, url, event_id, state in found}
        return Books(states, attempts)

    def _arrived(self) -> Counter[Place]:
        events = self.receiver.events
        return Counter((each.path, each["webhook-id"]) for each in events)

    def _assert_everything_arrived(self, books: Books, arrived: Counter[Place]) -> None:
        accepted = {(path, e) for path in PATHS for e in self.publisher.accepted}
        assert accepted == books.states.keys() == arrived.keys()
        assert {*books.states.values()} == {SUCCEEDED}

    def _assert_attempts_tell_the_truth(
        self, books: Books, arrived: Counter[Place], *, failures: int
    ) -> None:
        """One success each; the rest were torn off, and more never reached it."""
        refused = 0
        for place, attempts in books.attempts.items():
            kinds = Counter(attempts)
            assert kinds.pop(("success", "")) == 1, place
            torn = kinds.pop(("failed", "interrupted"), 0)
            failed = kinds.pop(("failed", ""), 0)
            assert not kinds, place
            assert failed + 1 <= arrived[place] <= failed + 1 + torn, place
            refused += failed
        assert refused <= failures

    def _assert_order_was_kept(self) -> None:
        """The first arrivals of an entity's events are in the order of commits."""
        numbers = defaultdict(list)
        first_seen: dict[Place, None] = dict.fromkeys(
            (each.path, each["webhook-id"]) for each in self.receiver.events
        )
        for path, event_id in first_seen:
            number = int(event_id.removeprefix("e-"))
            numbers[path, entity_of(event_id)].append(number)
        for entity, arrived in numbers.items():
            assert arrived == sorted(arrived), entity


def _path(url: str) -> str:
    return f"/{url.rpartition('/')[2]}"
