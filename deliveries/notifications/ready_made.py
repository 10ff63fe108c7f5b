"""Rules to begin with, as bodies for the API."""

from __future__ import annotations

from typing import Any

from deliveries.policy.notification_rules import Baseline, Comparison, Kind, Metric
from subscriptions.refusals import sentence


def _body(name: str, kind: Kind, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Kind": str(kind)} | more


READY_MADE = [
    {
        "Description": sentence(
            "A webhook was disabled because its receiver kept failing."
        ),
        "Rule": _body(sentence("Webhook disabled"), Kind.WEBHOOK_DISABLED),
    },
    {
        "Description": sentence(
            "An event was not delivered to a webhook that was doing well."
        ),
        "Rule": _body(sentence("First failed event"), Kind.FIRST_FAILURE),
    },
    {
        "Description": sentence(
            "Deliveries fail, and none has succeeded for four hours."
        ),
        "Rule": _body(sentence("No success"), Kind.NO_SUCCESS, WindowMinutes=240),
    },
    {
        "Description": sentence("A delivery has waited for more than 15 minutes."),
        "Rule": _body(sentence("Waiting too long"), Kind.OLDEST_WAITING, Threshold=15),
    },
    {
        "Description": sentence(
            "Events of the last hour did not arrive within 10 minutes."
        ),
        "Rule": _body(
            sentence("Delivery gap"), Kind.DELIVERY_GAP, Threshold=10, WindowMinutes=60
        ),
    },
    {
        "Description": sentence(
            "Half as many events within an hour as usual at this time."
        ),
        "Rule": _body(
            sentence("Fewer events than usual"),
            Kind.PERCENT_CHANGE,
            Metric=str(Metric.EVENTS),
            Baseline=str(Baseline.MEDIAN),
            Comparison=str(Comparison.AT_MOST),
            Threshold=-50,
            MinimumVolume=20,
            WindowMinutes=60,
        ),
    },
    {
        "Description": sentence("20 deliveries failed within half an hour."),
        "Rule": _body(
            sentence("Many failures"),
            Kind.COUNT,
            Status=["failed", "timeout"],
            Threshold=20,
            WindowMinutes=30,
        ),
    },
    {
        "Description": sentence(
            "A tenth of at least 50 deliveries failed within an hour."
        ),
        "Rule": _body(
            sentence("Share of failures"),
            Kind.PERCENT,
            Status=["failed", "timeout"],
            Threshold=10,
            MinimumVolume=50,
            WindowMinutes=60,
        ),
    },
]
