"""Odd requests, more of them and others in each round: ``make fuzz``.

``python -m tests.fuzz --minutes 10`` ends with the first failure, whose seed it names;
with ``--seed`` it begins there. DATABASE_URL decides about the database.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

EXAMPLES = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    asked = parser.parse_args()
    seed = int(time.time()) if asked.seed is None else asked.seed
    ends = time.monotonic() + 60 * asked.minutes
    rounds = 0
    while rounds == 0 or time.monotonic() < ends:
        _say(f"Seed {seed + rounds}, {asked.examples} examples for each operation.")
        if code := _round(seed + rounds, asked.examples):
            return _say(f"Again with --seed {seed + rounds}.", code=code)
        rounds += 1
    return _say(f"{rounds} rounds, nothing found.")


def _round(seed: int, examples: int) -> int:
    ours = {"FUZZ_SEED": str(seed), "FUZZ_EXAMPLES": str(examples)}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "tests/fuzz"]
    return subprocess.run(command, env=os.environ | ours, check=False).returncode  # noqa: S603


def _say(sentence: str, *, code: int = 0) -> int:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
