"""What an incident says, in one sentence: in English, as it is stored and mailed.

Pages say it in their reader's language (`deliveries.pages.retelling`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliveries.policy.notification_rules import Comparison, Kind, Metric
from subscriptions.refusals import sentence

if TYPE_CHECKING:
    from deliveries.models import NotificationRule
    from subscriptions.models import Webhook

_MEASURED = {
    Kind.COUNT: sentence(
        "{value} {what} match within {length}; the rule says {bound}."
    ),
    Kind.PERCENT: sentence(
        "{value} % of {what} match within {length}; the rule says {bound} %."
    ),
    Kind.PERCENT_CHANGE: sentence(
        "{What} changed by {value} % within {length}; the rule says {bound} %."
    ),
    Kind.NO_SUCCESS: sentence("No delivery succeeded within {length}; {value} failed."),
    Kind.OLDEST_WAITING: sentence(
        "The oldest delivery has waited for {value} minutes; the rule says {limit}."
    ),
    Kind.DELIVERY_GAP: sentence(
        "{value} deliveries did not arrive within {limit} minutes."
    ),
}
_AT_LEAST, _AT_MOST = sentence("at least {limit}"), sentence("at most {limit}")
_DISABLED = sentence("The webhook {name} was disabled: {reason}.")
_NOT_DELIVERED = sentence("An event was not delivered to the webhook {name}.")
_REASONS = {
    "ConsecutiveFailures": sentence("its deliveries kept failing"),
    "Gone": sentence("its server answered 410 Gone"),
    "NotAcknowledged": sentence("it did not acknowledge an event in time"),
}
_LENGTHS = {
    1440: (sentence("{count} day"), sentence("{count} days")),
    60: (sentence("{count} hour"), sentence("{count} hours")),
    1: (sentence("{count} minute"), sentence("{count} minutes")),
}
# How many digits of a value are said.
_DIGITS = {Kind.PERCENT: ".1f", Kind.PERCENT_CHANGE: "+.1f", Kind.OLDEST_WAITING: ".0f"}
# All of it has facts in its braces.
TEMPLATES = (
    *_MEASURED.values(),
    _DISABLED,
    _NOT_DELIVERED,
    _AT_LEAST,
    _AT_MOST,
    *(template for pair in _LENGTHS.values() for template in pair),
)


def message_of(
    rule: NotificationRule, value: float, *, webhook: Webhook | None = None
) -> str:
    if webhook is not None:
        return _of_webhook(rule, webhook)
    kind, limit = Kind(rule.kind), f"{rule.threshold:g}"
    is_most = rule.comparison == Comparison.AT_MOST
    is_event = rule.metric == Metric.EVENTS
    return _MEASURED[kind].format(
        value=format(value, _DIGITS.get(kind, "g")),
        limit=limit,
        length=duration(rule.window_minutes),
        bound=(_AT_MOST if is_most else _AT_LEAST).format(limit=limit),
        what=sentence("events") if is_event else sentence("deliveries"),
        What=sentence("Events") if is_event else sentence("Deliveries"),
    )


def _of_webhook(rule: NotificationRule, webhook: Webhook) -> str:
    template = _DISABLED if rule.kind == Kind.WEBHOOK_DISABLED else _NOT_DELIVERED
    reason = _REASONS.get(webhook.disabled_reason, webhook.disabled_reason)
    return template.format(name=repr(webhook.name), reason=reason)


def duration(minutes: int) -> str:
    length = next(each for each in _LENGTHS if minutes % each == 0)
    count = minutes // length
    one, many = _LENGTHS[length]
    return (one if count == 1 else many).format(count=count)
