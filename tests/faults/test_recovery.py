"""A recovery that is cut goes on: nothing is sent twice for it, nothing left out."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.engine.product import wait_until
from tests.faults.case import IN_FLIGHT, PATIENCE, Line
from tests.faults.publisher import TYPE
from tests.faults.rows import rows

pytestmark = pytest.mark.faults

_STATES = """
SELECT delivery.is_replay, delivery.state, count(*) FROM deliveries_delivery delivery
GROUP BY delivery.is_replay, delivery.state
"""
_TWICE = """
SELECT count(*) FROM (
    SELECT event_id FROM deliveries_delivery WHERE recovery_id IS NOT NULL
    GROUP BY event_id HAVING count(*) > 1
) AS twice
"""
SUCCEEDED, FAILED = 2, 3


class Outage:
    """All that was published has failed; a recovery of it has begun."""

    def __init__(self, case, receiver, *, events):
        self.case, self.receiver, self.events = case, receiver, events
        case.product.change(
            WEBHOOKS_AUTO_DISABLE_AFTER="1000000",
            WEBHOOKS_RECOVERY_RATE="0",
        )
        case.product.start_workers()
        url = receiver.url("/one", host="127.0.0.1")
        self.webhook = case.product.create_webhook(url, [TYPE])
        case.product.wait_for_status(self.webhook, "Active")
        receiver.always(400, path="/one")
        case.publisher.publish(events)
        wait_until(lambda: case.unfinished() == 0, patience=PATIENCE)
        self.refused = len(receiver.events)
        receiver.always(200, path="/one")

    def recover(self):
        since = datetime.now(UTC) - timedelta(hours=1)
        path = f"/webhooks/{self.webhook['Id']}/recover"
        answer = self.case.product.call("POST", path, {"Since": since.isoformat()})
        assert answer.json()["Matched"] == self.events
        self.path = f"/webhooks/{self.webhook['Id']}/recoveries"
        self.path += f"/{answer.json()['RecoveryId']}"

    def shown(self):
        return self.case.product.call("GET", self.path).json()

    def arrived(self):
        return Counter(
            each["webhook-id"] for each in self.receiver.events[self.refused :]
        )

    def settle(self):
        wait_until(lambda: self.shown()["Status"] == "completed", patience=PATIENCE)
        shown, arrived = self.shown(), self.arrived()
        assert (shown["Queued"], shown["Succeeded"], shown["Failed"]) == (
            self.events,
            self.events,
            0,
        )
        assert arrived.keys() == set(self.case.publisher.accepted)
        url = self.case.product.database_url
        assert rows(url, _TWICE) == [(0,)]
        assert {(bool(r), state): n for r, state, n in rows(url, _STATES)} == {
            (False, FAILED): self.events,
            (True, SUCCEEDED): self.events,
        }
        repeated = arrived.total() - len(arrived)
        assert repeated <= self.case.deaths * IN_FLIGHT
        line = Line(
            self.case.name,
            accepted=self.events,
            due=self.events,
            delivered=len(arrived),
            duplicates=repeated,
            interrupted=0,
            deaths=self.case.deaths,
            seconds=self.case.seconds,
        )
        self.case._report(line)


# A batch has 500 events: the second is cut, or what follows it.
@pytest.mark.parametrize(
    ("step", "events"),
    [
        pytest.param("before-queued:1", 300, marks=pytest.mark.representative),
        ("before-queued:2", 1500),
        ("after-queued:2", 1500),
    ],
)
def test_the_worker_of_a_recovery_dies(case, receiver, step, events):
    outage = Outage(case, receiver, events=events)
    case.product.stop_workers()
    case.product.change(WEBHOOKS_DIE_AT=step)
    case.product.start_workers()
    case.begin_to_count()
    outage.recover()
    wait_until(case.deaths_at_steps, patience=60)
    case.product.kill_workers()

    case.product.change(WEBHOOKS_DIE_AT="")
    case.product.start_workers()

    case.deaths = case.deaths_at_steps() + 1
    outage.settle()


def test_all_workers_are_killed_in_the_middle_of_ten_thousand(case, receiver):
    outage = Outage(case, receiver, events=10_000)
    case.begin_to_count()
    outage.recover()
    wait_until(lambda: outage.arrived().total() > 3_000, patience=PATIENCE)

    case.product.kill_workers()
    case.deaths = 1
    assert outage.shown()["Succeeded"] < 10_000
    case.product.start_workers()

    outage.settle()
