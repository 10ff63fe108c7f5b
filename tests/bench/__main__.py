"""All benchmarks, one report: ``python -m tests.bench [--quick]``, or ``make bench``."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from tests.bench import machine
from tests.bench.figures import say
from tests.processes import ROOT

# In this order.
BENCHMARKS = (
    "guard",
    "throughput",
    "latency",
    "ingest",
    "scale",
    "backlog",
    "fairness",
    "nodes",
    "export",
    "purge",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small, to try it")
    parser.add_argument("--runs", type=int, help="how often each figure is taken")
    # Each of them reads the same words again.
    parser.parse_args()
    say(f"{machine.facts()}")
    started = time.monotonic()
    try:
        missed = [name for name in BENCHMARKS if not _succeeds(name)]
    except KeyboardInterrupt:
        say("Interrupted; everything that was started has ended.")
        sys.exit(130)
    say(f"Took {(time.monotonic() - started) / 60:.1f} minutes.")
    sys.exit(f"Not as it should be: {', '.join(missed)}." if missed else 0)


def _succeeds(name: str) -> bool:
    """In a process of its own: each has its database, and Django knows only one."""
    command = [sys.executable, "-m", f"tests.bench.{name}", *sys.argv[1:]]
    process = subprocess.Popen(command, cwd=ROOT)  # noqa: S603 (our own command line)
    try:
        return process.wait() == 0
    except KeyboardInterrupt:
        # It was interrupted as well, and takes away what it has started.
        process.wait()
        raise


if __name__ == "__main__":
    main()
