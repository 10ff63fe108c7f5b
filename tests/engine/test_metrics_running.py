"""/metrics of two web processes beside workers that deliver: all of them add up."""

from __future__ import annotations

import itertools

from prometheus_client.parser import text_string_to_metric_families

from tests.engine.product import wait_until
from tests.engine.test_running_product import CREATED, events, publish

COUNT = 40


def totals(product):
    """What /metrics says now: name and labels → value."""
    answer = product.probe("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name.endswith("_total")
    }


def test_totals_equal_the_rows_when_all_is_delivered(product, set_up_once, receiver):
    product.stop_web()
    product.change(WEB_CONCURRENCY="2", WEBHOOKS_METRICS_NETWORKS="127.0.0.0/8")
    product.start_web(set_up_once[1])
    product.start_node("workers")
    webhook = product.create_webhook(receiver.url(host="127.0.0.1"), [CREATED])
    product.wait_for_status(webhook, "Active")

    seen = [totals(product)]
    for start in range(0, COUNT, 10):
        publish(product, events(COUNT)[start : start + 10])
        seen.append(totals(product))
    log = f"/webhooks/{webhook['Id']}/delivery-logs?Status=success"
    wait_until(lambda: product.call("GET", log).json()["Total"] == COUNT)
    product.command("rebuild_rollups")
    seen.append(totals(product))

    end = seen[-1]
    profile = ("profile", "alvys")
    rows = product.call("GET", "/events?Limit=100").json()["Items"]
    # One of them tells that the webhook was enabled.
    assert end["webhooks_events_total",] >= len(rows) == COUNT + 1
    # What a worker could not send in its turn is claimed again.
    assert end["webhooks_deliveries_claimed_total", profile] >= COUNT
    assert end["webhooks_attempts_total", profile, ("status", "success")] == COUNT
    assert end["webhooks_verifications_total", ("result", "passed")] == 1
    assert end["webhooks_leases_overslept_total",] == 0
    batches = [n for key, n in end.items() if "events/batch" in str(key)]
    assert batches == [COUNT / 10]
    # Whichever process was asked: no counter has ever gone back.
    for before, after in itertools.pairwise(seen):
        assert all(after[name] >= value for name, value in before.items())
