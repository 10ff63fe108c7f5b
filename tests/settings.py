"""The settings as a process that starts now would have them."""

from __future__ import annotations

import re
import sys
from importlib import import_module

import webhooks_project
from tests.processes import ROOT

PACKAGE = "webhooks_project.settings"
FOLDER = ROOT / "webhooks_project" / "settings"


def settings_afresh():
    """Read them in the environment as it is; those that Django holds stay as they are."""
    held = {name: sys.modules[name] for name in sys.modules if _is_ours(name)}
    for name in held:
        del sys.modules[name]
    try:
        return vars(import_module(PACKAGE))
    finally:
        for name in [name for name in sys.modules if _is_ours(name)]:
            del sys.modules[name]
        sys.modules.update(held)
        webhooks_project.settings = held[PACKAGE]


def variables_read():
    """The names of all that is read from the environment."""
    pattern = r'env\.\w+\(\s*"(\w+)"'
    texts = [each.read_text() for each in sorted(FOLDER.glob("*.py"))]
    return {name for text in texts for name in re.findall(pattern, text)}


def _is_ours(name):
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")
