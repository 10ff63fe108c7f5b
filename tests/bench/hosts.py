"""Nodes with a network of their own: one namespace each, on one bridge.

Needs root and iproute2. Where that is not to be had, the nodes are processes that share
the machine's network, and the benchmark says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
NETWORK = "10.77.0"
SERVICES = f"{NETWORK}.1"
BRIDGE = "whbench"


class Hosts:
    """Where the services are found, and how a command is run on a node."""

    def __init__(self, *, are_separate: bool) -> None:
        self.are_separate = are_separate
        self.services = SERVICES if are_separate else LOOPBACK

    def on(self, node: int) -> list[str]:
        """What comes before a command to run it there."""
        return ["ip", "netns", "exec", _name(node)] if self.are_separate else []

    def cut_off(self, node: int) -> None:
        """From now on nothing that it sends arrives, nor does it hear that."""
        _ip("link", "set", f"{_name(node)}v", "down")

    def reconnect(self, node: int) -> None:
        if self.are_separate:
            _ip("link", "set", f"{_name(node)}v", "up")


@contextmanager
def hosts(count: int) -> Iterator[Hosts]:
    """*count* nodes, numbered from 0."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        yield Hosts(are_separate=False)
        return
    try:
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("address", "add", f"{SERVICES}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for node in range(count):
            _add(node)
        yield Hosts(are_separate=True)
    finally:
        for node in range(count):
            # The kernel keeps a namespace while a connection in it is dying.
            _ip("link", "delete", f"{_name(node)}v", must_work=False)
            _ip("netns", "delete", _name(node), must_work=False)
        _ip("link", "delete", BRIDGE, must_work=False)


def _add(node: int) -> None:
    name = _name(node)
    _ip("netns", "add", name)
    _ip("link", "add", f"{name}v", "type", "veth", "peer", "eth0", "netns", name)
    _ip("link", "set", f"{name}v", "master", BRIDGE, "up")
    inside = ("-n", name)
    _ip(*inside, "address", "add", f"{NETWORK}.{10 + node}/24", "dev", "eth0")
    _ip(*inside, "link", "set", "eth0", "up")
    _ip(*inside, "link", "set", "lo", "up")


def _name(node: int) -> str:
    return f"whnode{node}"


def _ip(*words: str, must_work: bool = True) -> None:
    subprocess.run(["ip", *words], check=must_work, capture_output=True)  # noqa: S603, S607
