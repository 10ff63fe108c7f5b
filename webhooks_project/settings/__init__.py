"""Every setting, from the environment. The defaults run on a laptop without any.

A module for each theme. docs/configuration.md explains each variable; `manage.py check`
refuses contradictions.
"""
# ruff: noqa: F403 (all that stands in a theme is a setting)

from __future__ import annotations

from webhooks_project.settings.api import *
from webhooks_project.settings.application import *
from webhooks_project.settings.browsers import *
from webhooks_project.settings.environment import *
from webhooks_project.settings.languages import *
from webhooks_project.settings.mail import *
from webhooks_project.settings.observability import *
from webhooks_project.settings.people import *
from webhooks_project.settings.storage import *
from webhooks_project.settings.webhooks import *
from webhooks_project.settings.workers import *
