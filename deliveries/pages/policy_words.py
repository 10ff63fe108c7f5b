"""What a profile's rules come to, in the reader's words."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext as _

from subscriptions.profiles import AttemptsInARow, EventsInARow, Retried, Unacknowledged

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import timedelta

    from deliveries.policy.rules import Rules
    from subscriptions.profiles import StopRule

STATUSES = range(100, 600)


class Fact(NamedTuple):
    label: str
    words: str


def facts_of(rules: Rules, *, in_order: bool) -> list[Fact]:
    within = {"codes": codes(rules.success), "time": span(rules.timeout)}
    return [
        Fact(_("Success"), _("%(codes)s within %(time)s") % within),
        Fact(_("Attempts"), _attempts(rules.retries.delays)),
        Fact(_("Tried again"), _retried(rules)),
        Fact(_("Stop"), _stop(rules)),
        Fact(
            _("Order"),
            _("per entity, one after the other") if in_order else _("none"),
        ),
    ]


def stop_words(rule: StopRule) -> str:
    match rule:
        case AttemptsInARow(limit=limit, within=within):
            return _(
                "Disabled after %(limit)d failed attempts in a row within %(time)s."
            ) % {"limit": limit, "time": span(within)}
        case Unacknowledged(after=after):
            return _("Broken when an event is not acknowledged for %s.") % span(after)
        case EventsInARow(limit=limit):
            return _("Disabled after %d events in a row without success.") % (
                limit or 0
            )


def span(time: timedelta) -> str:
    """30 s, 1 h 30 min, 48 h."""
    seconds = round(time.total_seconds(), 1)
    if seconds < 60:
        return f"{seconds:g} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def codes(wanted: Container[int]) -> str:
    """200, or 200-299, or several of them."""
    found = [code for code in STATUSES if code in wanted]
    # What follows one another has the same distance to its place.
    runs = groupby(enumerate(found), key=lambda each: each[1] - each[0])
    ends = [[code for _place, code in run] for _distance, run in runs]
    return ", ".join(
        f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in ends
    )


def _attempts(delays: tuple[timedelta, ...]) -> str:
    if not delays:
        return "1"
    waits = " · ".join(map(span, delays))
    number = len(delays) + 1
    return _("%(attempts)d, waiting %(waits)s") % {"attempts": number, "waits": waits}


def _retried(rules: Rules) -> str:
    match rules.retried:
        case Retried.TRANSIENT:
            return _("5xx, 408, 429, and when no answer comes")
        case Retried.EVERYTHING:
            return _("everything but success")


def _stop(rules: Rules) -> str:
    words = stop_words(rules.stop_rule)
    gone = _("The status 410 disables it at once.")
    return f"{words} {gone}" if rules.stops_when_gone else words
