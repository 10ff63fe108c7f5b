"""One function of the stage, as a process with the product's settings.

``python -m tests.bench.perform <function> <keywords as JSON>``
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

import django


def main() -> None:
    django.setup()
    stage = import_module("tests.bench.stage")
    getattr(stage, sys.argv[1])(**json.loads(sys.argv[2]))


if __name__ == "__main__":
    main()
