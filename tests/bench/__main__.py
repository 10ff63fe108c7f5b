"""All benchmarks, one report: ``python -m tests.bench [--quick]``, or ``make bench``."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

from tests.bench import machine
from tests.bench.figures import say

# Those that are here, in this order.
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
    with suppress(KeyboardInterrupt):
        for name in BENCHMARKS:
            if find_spec(f"tests.bench.{name}"):
                import_module(f"tests.bench.{name}").main()
        say(f"Took {(time.monotonic() - started) / 60:.1f} minutes.")
        return
    say("Interrupted; everything that was started has ended.")
    sys.exit(130)


if __name__ == "__main__":
    main()
