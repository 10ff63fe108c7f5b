"""What the other modules read: the variables, where we are, and whether we develop."""

from __future__ import annotations

import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()
# An empty variable is not set: who composes services passes such on.
env.ENVIRON = {name: text for name, text in os.environ.items() if text}

DEBUG = env.bool("DEBUG", default=True)
