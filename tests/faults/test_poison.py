"""An event whose send kills the worker, each time."""

from __future__ import annotations

import pytest

from tests.engine.product import wait_until
from tests.faults.case import Line
from tests.faults.rows import rows

pytestmark = pytest.mark.faults

LOG = """
SELECT error_kind FROM deliveries_attempt ORDER BY delivery_id, sequence
"""


def test_an_event_that_kills_workers_is_given_up(case, receiver, report):
    case.product.start_workers()
    webhook = case.product.create_webhook(
        receiver.url("/one", host="127.0.0.1"), ["tender.created"]
    )
    case.product.wait_for_status(webhook, "Active")
    case.product.kill_workers()
    case.product.change(WEBHOOKS_DIE_AT="after-send:1")

    case.begin_to_count()
    case.product.start_workers()
    case.publisher.publish(1)
    wait_until(lambda: case.unfinished() == 0, patience=150)

    url = case.product.database_url
    assert rows(url, LOG) == [("interrupted",)] * 4 + [("poison",)]
    assert rows(url, "SELECT state FROM deliveries_delivery") == [(3,)]
    assert len(receiver.events) == 5
    report(Line(case.name, 1, 1, 0, 4, 4, 5, case.seconds))
