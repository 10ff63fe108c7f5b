"""The geometry of charts: numbers to rectangles and lines, for an SVG of the server's.

Shapes stretch with the page (``preserveAspectRatio="none"``); words stand beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# Of the drawing, in units of its own.
WIDTH, HEIGHT = 1000, 100
GAP = 0.2


@dataclass(frozen=True, slots=True)
class Column:
    """What there is of one hour or day. *counts*: tone → number, from the bottom up.

    *label* is read out for the whole bar. One that *is_running* is not over.
    """

    start: datetime
    counts: dict[str, int]
    label: Any
    href: str = ""
    is_running: bool = False

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Rect:
    tone: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Bar:
    column: Column
    rects: list[Rect]
    # The whole height, to be pointed at.
    target: Rect


@dataclass(frozen=True, slots=True)
class BarChart:
    """*ticks*: the numbers beside it, from the top down."""

    bars: list[Bar]
    ticks: list[int]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def is_empty(self) -> bool:
        return not any(bar.rects for bar in self.bars)


def bar_chart(columns: Sequence[Column]) -> BarChart:
    top = nice_top(max((column.total for column in columns), default=0))
    step = WIDTH / max(1, len(columns))
    bars = [
        _bar(column, x=at * step, width=step, top=top)
        for at, column in enumerate(columns)
    ]
    return BarChart(bars, [top, top // 2, 0] if top > 1 else [top, 0])


def _bar(column: Column, *, x: float, width: float, top: int) -> Bar:
    left, inner = x + width * GAP / 2, width * (1 - GAP)
    rects = []
    base = float(HEIGHT)
    for tone, count in column.counts.items():
        if count:
            height = HEIGHT * count / top
            base -= height
            rects.append(_rect(tone, left, base, inner, height))
    return Bar(column, rects, _rect("target", x, 0, width, HEIGHT))


def _rect(tone: str, x: float, y: float, width: float, height: float) -> Rect:
    return Rect(tone, _number(x), _number(y), _number(width), _number(height))


def _number(value: float) -> str:
    # Never by the reader's language: a comma would end the attribute's number.
    return f"{value:.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Line:
    """*paths*: one for each stretch without a gap."""

    tone: str
    label: Any
    paths: list[str]
    dots: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class LineChart:
    lines: list[Line]
    ticks: list[int]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def is_empty(self) -> bool:
        return not any(line.paths or line.dots for line in self.lines)


def line_chart(
    values: Sequence[tuple[str, Any, Sequence[int | None]]],
) -> LineChart:
    """*values*: tone, label and a number for each hour; None where there was nothing."""
    known = [each for _, _, row in values for each in row if each is not None]
    top = nice_top(max(known, default=0))
    lines = [_line(tone, label, row, top=top) for tone, label, row in values]
    return LineChart(lines, [top, top // 2, 0])


def _line(tone: str, label: Any, row: Sequence[int | None], *, top: int) -> Line:
    step = WIDTH / max(1, len(row))
    points = [
        None
        if value is None
        else (_number((at + 0.5) * step), _number(HEIGHT - HEIGHT * value / top))
        for at, value in enumerate(row)
    ]
    paths = [
        f"M{before[0]} {before[1]}L{after[0]} {after[1]}"
        for before, after in pairwise(points)
        if before and after
    ]
    return Line(tone, label, paths, [point for point in points if point])


def nice_top(highest: int) -> int:
    """The end of the scale: 1, 2, 4, 6 or 10 times a power of ten, and not below."""
    power = 1
    while power * 10 < highest:
        power *= 10
    return next(
        (step * power for step in (1, 2, 4, 6, 10) if step * power >= highest), 1
    )
