"""A day of retries in seconds: another profile, by workers of their own."""

from __future__ import annotations

from tests.engine.product import wait_until


def test_ten_attempts_are_made_at_the_pace_of_a_trial(product, set_up_once, receiver):
    product.change(
        WEBHOOKS_PROFILES="tests.profiles.PATIENT",
        WEBHOOKS_DELAY_SCALE="0.0001",
    )
    product.stop_web()
    product.start_web(set_up_once[1])
    product.command("sync_event_types")
    product.start_workers()
    receiver.always(400)
    created = product.call(
        "POST",
        "/webhooks",
        {
            "Name": "Letters",
            "SubsidiaryId": "MAIN",
            "Url": receiver.url(host="127.0.0.1"),
            "Events": ["patient.sent"],
            "Profile": "patient",
        },
    ).json()
    assert created["Status"] == "Active"

    event = {
        "Type": "patient.sent",
        "SubsidiaryId": "MAIN",
        "Data": {"letter": "L-1"},
    }
    product.call("POST", "/events", event)
    wait_until(lambda: len(receiver.events) == 10)

    told = [each["X-Alvys-Attempt"] for each in receiver.events]
    assert told == [str(number) for number in range(1, 11)]
    address = f"/webhooks/{created['Id']}"
    wait_until(
        lambda: product.call("GET", f"{address}/delivery-logs").json()["Total"] == 10
    )
    shown = product.call("GET", address).json()
    assert (shown["Status"], shown["ConsecutiveFailures"]) == ("Active", 10)
