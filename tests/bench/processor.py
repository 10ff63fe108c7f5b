"""Processor time of whole process trees, from /proc."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

TICK = 1 / os.sysconf("SC_CLK_TCK")
SERVERS = {"postgres": "database", "redis-server": "redis"}


class Process(NamedTuple):
    pid: int
    parent: int
    name: str
    seconds: float


def processor_time(product: int, receiver: int) -> dict[str, float]:
    """Seconds so far, per part: ``product``, ``receiver``, ``database``, ``redis``.

    The servers are children of this process, and are known by their names.
    """
    roots = {product: "product", receiver: "receiver"}
    children = _children()
    for process in children[os.getpid()]:
        if process.name in SERVERS:
            roots[process.pid] = SERVERS[process.name]
    spent: dict[str, float] = defaultdict(float)
    everyone = [process for group in children.values() for process in group]
    for process in everyone:
        if process.pid in roots:
            spent[roots[process.pid]] += _with_descendants(process, children)
    return dict(spent)


def _with_descendants(process: Process, children: dict[int, list[Process]]) -> float:
    below = children.get(process.pid, ())
    return process.seconds + sum(_with_descendants(child, children) for child in below)


def _children() -> defaultdict[int, list[Process]]:
    found: defaultdict[int, list[Process]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
        except OSError:
            continue
        process = _process(text)
        found[process.parent].append(process)
    return found


def _process(text: str) -> Process:
    pid, rest = text.split(" (", 1)
    name, rest = rest.rsplit(") ", 1)
    fields = rest.split()
    # Its own time, and that of children that have ended (proc(5), fields 14 to 17).
    ticks = sum(map(int, fields[11:15]))
    return Process(int(pid), int(fields[1]), name, ticks * TICK)
