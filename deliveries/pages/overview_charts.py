"""A webhook's timeline as two charts, whose bars lead to exactly those deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from deliveries.logs.delivery_status import DeliveryStatus
from deliveries.logs.series import HOUR
from deliveries.pages.addresses import deliveries_url
from deliveries.pages.status_words import STACKED, WORDS
from subscriptions.pages.charts import Column, bar_chart, line_chart

if TYPE_CHECKING:
    from collections import Counter
    from datetime import datetime

    from deliveries.logs.timeline import Slot, Timeline
    from subscriptions.models import Webhook
    from subscriptions.pages.charts import BarChart, LineChart

    Legend = list[tuple[str, Any, Any]]

# Drawn only where there is one.
RARE = (DeliveryStatus.SKIPPED, DeliveryStatus.QUEUED)
# A mark for so many slots: the first that they can be divided by.
EVERY = (4, 5, 1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Chart:
    drawing: BarChart | LineChart
    legend: Legend
    axis: list[str]


def stacked_chart(webhook: Webhook, timeline: Timeline) -> Chart:
    total = timeline.statuses
    shown = [each for each in STACKED if total[each] or each not in RARE]
    last = timeline.slots[-1]
    columns = [
        Column(
            slot.start,
            {WORDS[each].tone: slot.statuses[each] for each in shown},
            label=_label(slot, shown, is_running=slot is last),
            href=_href(webhook, slot),
            is_running=slot is last,
        )
        for slot in timeline.slots
    ]
    legend = [(WORDS[each].tone, WORDS[each].label, total[each]) for each in shown]
    return Chart(bar_chart(columns), legend, _axis(timeline))


def response_chart(timeline: Timeline) -> Chart:
    """Percentiles of the attempts that were made in each slot."""
    tallies = [slot.tally for slot in timeline.slots]
    lines = [
        (tone, name, [tally.percentile(percent) for tally in tallies])
        for tone, name, percent in (("first", "p50", 50), ("second", "p95", 95))
    ]
    total = timeline.tally
    legend = [
        ("first", "p50", total.percentile(50)),
        ("second", "p95", total.percentile(95)),
    ]
    return Chart(line_chart(lines), legend, _axis(timeline))


def _href(webhook: Webhook, slot: Slot) -> str:
    """Where a bar has failures, they are what one wants to see."""
    if not slot.statuses.total():
        return ""
    failed = slot.statuses[DeliveryStatus.FAILED]
    status = str(DeliveryStatus.FAILED) if failed else ""
    return deliveries_url(webhook, since=slot.start, until=slot.end, status=status)


def _label(slot: Slot, shown: list[DeliveryStatus], *, is_running: bool) -> str:
    counts = _in_words(slot.statuses, shown)
    when = f"{_mark(slot.start)} UTC"
    return f"{when} ({_('so far')}): {counts}" if is_running else f"{when}: {counts}"


def _in_words(counts: Counter[DeliveryStatus], shown: list[DeliveryStatus]) -> str:
    return ", ".join(f"{counts[each]} {WORDS[each].label}" for each in shown)


def _axis(timeline: Timeline) -> list[str]:
    """A few moments at equal distances, and the present at its end."""
    slots = timeline.slots
    every = next(n for n in EVERY if len(slots) % n == 0)
    step = slots[0].end - slots[0].start
    marks = [_short(slot.start, step) for slot in slots[::every]]
    return [*marks, _("now")]


def _short(moment: datetime, step: timedelta) -> str:
    """An hour, a day of the week or a day of the month: what tells them apart."""
    if step == HOUR:
        return f"{moment:%H:%M}"
    return date_format(moment, "D" if step < DAY else "j M")


def _mark(moment: datetime) -> str:
    return f"{date_format(moment, 'j M')} {moment:%H:%M}"
