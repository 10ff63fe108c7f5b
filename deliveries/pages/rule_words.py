"""What rules are called and what they mean, in the words of the pages."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from deliveries.pages.reasons import REASONS
from deliveries.policy.failure_texts import KINDS as KNOWN
from deliveries.policy.notification_rules import Baseline, Comparison, Kind, Metric


class Words(NamedTuple):
    """*threshold*: what the number of the rule is called; empty: it has none."""

    label: Any
    meaning: Any
    threshold: Any = ""


KINDS = {
    Kind.WEBHOOK_DISABLED: Words(
        _("Webhook disabled"),
        _("A webhook was disabled because its receiver kept failing."),
    ),
    Kind.FIRST_FAILURE: Words(
        _("First failed event"),
        _("An event was not delivered to a webhook that was doing well."),
    ),
    Kind.NO_SUCCESS: Words(
        _("No success"),
        _("Deliveries fail, and none has succeeded for the whole period."),
    ),
    Kind.OLDEST_WAITING: Words(
        _("Waiting too long"),
        _("A delivery has waited for longer than that."),
        _("Minutes of waiting"),
    ),
    Kind.DELIVERY_GAP: Words(
        _("Delivery gap"),
        _("Events of the period did not arrive in time."),
        _("Minutes to arrive"),
    ),
    Kind.PERCENT_CHANGE: Words(
        _("More or fewer than usual"),
        _("Compared with what is usual, there are many more or fewer."),
        _("Change in percent"),
    ),
    Kind.COUNT: Words(
        _("Number of deliveries"),
        _("So many deliveries or events happened within the period."),
        _("Number"),
    ),
    Kind.PERCENT: Words(
        _("Share of deliveries"),
        _("Of all deliveries of the period, that share matches."),
        _("Percent"),
    ),
}
METRICS = [
    (str(Metric.DELIVERIES), _("Deliveries")),
    (str(Metric.EVENTS), _("Events")),
]
COMPARISONS = [
    (str(Comparison.AT_LEAST), _("At least")),
    (str(Comparison.AT_MOST), _("At most")),
]
BASELINES = [
    (str(Baseline.PREVIOUS), _("The period before")),
    (str(Baseline.MEDIAN), _("The same hours of the last seven days")),
]
STATUSES = [
    ("success", _("Success")),
    ("failed", _("Failed")),
    ("timeout", _("Timed out")),
    ("skipped", _("Skipped")),
]
# Why there was no answer; an answer that is an error is a result.
ERROR_KINDS = [(name, each.label) for name, each in REASONS.items() if name in KNOWN]
# Of which kinds a rule has a period, and a least volume.
WITH_WINDOW = (
    Kind.COUNT,
    Kind.PERCENT,
    Kind.PERCENT_CHANGE,
    Kind.NO_SUCCESS,
    Kind.DELIVERY_GAP,
)
WITH_VOLUME = (Kind.PERCENT, Kind.PERCENT_CHANGE)
