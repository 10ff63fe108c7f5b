"""What was too large to be sent whole: polling shows what was sent, the event all."""

from __future__ import annotations

import pytest

from deliveries.facts import MAX_BODY
from tests.builders import publish_sample, sample_of
from tests.horizon import wait_for_horizon


def publish_large(tenant):
    data = sample_of("load.status.changed")
    data["load"]["notes"] = ["x" * MAX_BODY]
    return publish_sample(tenant, "load.status.changed", data=data).event, data


@pytest.mark.django_db(transaction=True)
def test_polling_gives_what_was_sent_and_the_event_all_of_it(api, acme):
    event, data = publish_large(acme)

    wait_for_horizon()
    [item] = api.get("/events").json()["Items"]
    shown = api.get(f"/events/{event.public_id}").json()["Payload"]

    assert item["data"] == data | {"load": None}
    assert shown["data"] == data
    assert item | {"data": 0} == shown | {"data": 0}


def test_globex_does_not_see_it(globex_api, acme, refused):
    event, _ = publish_large(acme)

    refused(globex_api.get(f"/events/{event.public_id}"), 404)
