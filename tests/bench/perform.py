"""Functions of the stage, in a process with the product's settings.

``python -m tests.bench.perform '{"<function>": {"<keyword>": …}, …}'``
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

import django


def main() -> None:
    django.setup()
    stage = import_module("tests.bench.stage")
    for function, keywords in json.loads(sys.argv[1]).items():
        getattr(stage, function)(**keywords)


if __name__ == "__main__":
    main()
