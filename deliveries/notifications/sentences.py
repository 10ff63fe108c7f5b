"""What an incident says, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliveries.policy.notification_rules import Comparison, Kind, Metric

if TYPE_CHECKING:
    from deliveries.models import NotificationRule
    from subscriptions.models import Webhook


def sentence(
    rule: NotificationRule, value: float, *, webhook: Webhook | None = None
) -> str:
    if webhook is not None:
        return _of_webhook(rule, webhook)
    within = f"within {duration(rule.window_minutes)}"
    bound = "at most" if rule.comparison == Comparison.AT_MOST else "at least"
    what = "events" if rule.metric == Metric.EVENTS else "deliveries"
    limit = f"{rule.threshold:g}"
    return {
        Kind.COUNT: f"{value:g} {what} match {within}; the rule says {bound} {limit}.",
        Kind.PERCENT: (
            f"{value:.1f} % of {what} match {within}; the rule says {bound} {limit} %."
        ),
        Kind.PERCENT_CHANGE: (
            f"{what.capitalize()} changed by {value:+.1f} % {within}; "
            f"the rule says {bound} {limit} %."
        ),
        Kind.NO_SUCCESS: f"No delivery succeeded {within}; {value:g} failed.",
        Kind.OLDEST_WAITING: (
            f"The oldest delivery has waited for {value:.0f} minutes; "
            f"the rule says {limit}."
        ),
        Kind.DELIVERY_GAP: (
            f"{value:g} deliveries did not arrive within {limit} minutes."
        ),
    }[Kind(rule.kind)]


def _of_webhook(rule: NotificationRule, webhook: Webhook) -> str:
    if rule.kind == Kind.WEBHOOK_DISABLED:
        return f"The webhook {webhook.name!r} was disabled: {webhook.disabled_reason}."
    return f"An event was not delivered to the webhook {webhook.name!r}."


def duration(minutes: int) -> str:
    for unit, length in (("day", 1440), ("hour", 60)):
        if minutes % length == 0:
            count = minutes // length
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{minutes} minutes"
