"""How mail leaves."""

from __future__ import annotations

from webhooks_project.settings.environment import env

EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="webhooks@example.com")
