"""What a rule looks at and when it alerts, in the words of its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from deliveries.notifications.sentences import duration
from deliveries.pages.reasons import reason_of
from deliveries.pages.retelling import retold
from deliveries.pages.rule_words import (
    BASELINES,
    COMPARISONS,
    KINDS,
    METRICS,
    STATUSES,
    WITH_VOLUME,
    WITH_WINDOW,
)
from deliveries.policy.notification_rules import Kind
from deliveries.policy.rule_forms import TAKES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deliveries.models import NotificationRule

    Fact = tuple[Any, Any]


def facts_of(rule: NotificationRule) -> list[Fact]:
    """Label and value, of what its kind takes; what narrows nothing is left out."""
    kind = Kind(rule.kind)
    return [(_("Kind"), KINDS[kind].label), *_wanted(rule, kind), *_limits(rule, kind)]


def _wanted(rule: NotificationRule, kind: Kind) -> Iterator[Fact]:
    if "metric" in TAKES[kind]:
        yield _("Count"), dict(METRICS)[rule.metric]
    if rule.statuses:
        words = dict(STATUSES)
        yield _("Result"), _list(words.get(each, each) for each in rule.statuses)
    if rule.error_kinds:
        reasons = (reason_of(each).label for each in rule.error_kinds)
        yield _("Reason of the failure"), _list(reasons)
    if rule.event_types:
        yield _("Event types"), _list(rule.event_types)


def _limits(rule: NotificationRule, kind: Kind) -> Iterator[Fact]:
    if threshold := KINDS[kind].threshold:
        number = number_format(without_zeros(rule.threshold))
        bound = (
            dict(COMPARISONS)[rule.comparison] if "comparison" in TAKES[kind] else ""
        )
        yield threshold, f"{bound} {number}".strip()
    if "baseline" in TAKES[kind]:
        yield _("Usual is"), dict(BASELINES)[rule.baseline]
    if kind in WITH_VOLUME:
        yield _("Only from so many"), number_format(rule.minimum_volume)
    if kind in WITH_WINDOW:
        yield _("Period"), retold(duration(rule.window_minutes))


def without_zeros(number: float) -> float:
    """10 rather than 10.0."""
    return int(number) if number.is_integer() else number


def _list(words: Iterable[Any]) -> str:
    return ", ".join(str(word) for word in words)
