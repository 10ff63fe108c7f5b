"""The web server on a node whose clock is wrong, by SHIFT hours."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from django.utils import timezone

WRONG_BY = timedelta(hours=float(os.environ["SHIFT"]))
# Before any model is imported: Django is told what such a node would tell it.
timezone.now = lambda: datetime.now(UTC) + WRONG_BY

from webhooks_project.wsgi import application  # noqa: E402

__all__ = ["application"]
