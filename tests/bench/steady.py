"""Publish at a steady rate, and see how long each event takes to its receiver."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.figures import middle, ms, percentile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.rig import Arrival, Run

# The publisher's connection is opened and its caches are filled before it counts.
WARM_UP = 1.0
PERCENTS = (50, 95, 99, 100)
HEAD = ("p50", "p95", "p99", "max")


class Publisher(NamedTuple):
    """A tenant; its webhooks are at ``/<kind>/…``. *published*: what is due already.

    When that has come, the workers are awake and the connections open.
    """

    code: str
    kind: str
    published: int


class Flight(NamedTuple):
    """An event on its way; moments are of the clock that all processes share."""

    event_id: str
    committed: float
    arrived: float

    @property
    def seconds(self) -> float:
        return self.arrived - self.committed


class Steady(NamedTuple):
    """*rate*: what was reached of the rate that was asked for."""

    flights: list[Flight]
    arrivals: list[Arrival]
    rate: float


def publish_steadily(
    run: Run, publisher: Publisher, *, rate: int, seconds: float
) -> Steady:
    """Publish for *seconds*; wait until all has come."""
    run.receiver.wait_for(publisher.kind, publisher.published)
    path = run.rig.folder / "commits.json"
    steps = {"rate": rate, "seconds": seconds + WARM_UP, "into": str(path)}
    run.perform(publish_steadily={"code": publisher.code, **steps})
    commits = json.loads(path.read_text())
    run.receiver.wait_for(publisher.kind, publisher.published + len(commits))
    return _steady(commits, run.receiver.arrivals())


def _steady(commits: dict[str, float], arrivals: list[Arrival]) -> Steady:
    # The first arrival counts, should there be two.
    arrived = {each.event_id: each.at for each in reversed(arrivals)}
    begun = min(commits.values()) + WARM_UP
    flights = [
        Flight(event_id, at, arrived[event_id])
        for event_id, at in commits.items()
        if at >= begun
    ]
    gaps = [after - before for before, after in pairwise(sorted(commits.values()))]
    return Steady(flights, arrivals, rate=len(gaps) / sum(gaps))


def percentiles(runs: Sequence[Steady]) -> list[str]:
    """In milliseconds: of each percentile the median of the runs."""
    seconds = [[flight.seconds for flight in run.flights] for run in runs]
    return [
        ms(middle(percentile(each, percent) for each in seconds))
        for percent in PERCENTS
    ]
