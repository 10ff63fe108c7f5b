"""The words after a benchmark's name: how large, how often, where."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def sizes(
    name: str,
    *,
    full: Mapping[str, int],
    quick: Mapping[str, int],
    words: Sequence[str] | None,
    flags: Mapping[str, str] | None = None,
) -> argparse.Namespace:
    """Read *words*; a size that they do not name is that of *full* or *quick*.

    *flags*: what else can be asked for, and what it means.
    """
    parser = argparse.ArgumentParser(prog=f"python -m tests.bench.{name}")
    parser.add_argument("--quick", action="store_true", help="small, to try it")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="STORE",
        help="SQLite; PostgreSQL; PostgreSQL, Redis (repeatable; default: what is here)",
    )
    for flag, meaning in (flags or {}).items():
        parser.add_argument(f"--{flag}", action="store_true", help=meaning)
    for size, number in full.items():
        option = f"--{size.replace('_', '-')}"
        parser.add_argument(option, type=int, help=f"({number})")
    chosen = parser.parse_args(words)
    for size, number in (quick if chosen.quick else full).items():
        if getattr(chosen, size) is None:
            setattr(chosen, size, number)
    return chosen
