"""The database, and Redis, if there is one."""

from __future__ import annotations

from typing import Any

from webhooks_project.settings.environment import BASE_DIR, env

DATABASES: dict[str, Any] = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
}
# django-q2 calls close_old_connections() around every task: without a lifetime each
# task would open a connection of its own (measured: a fifth of the speed).
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: two writers queue up instead of failing half-way. FULL: what was
    # answered 202 survives a power cut, too.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        # Of new files only, and before anything else: a purge makes them smaller.
        "init_command": "PRAGMA auto_vacuum=INCREMENTAL;"
        " PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    } | DATABASES["default"].get("OPTIONS", {})
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A node that is cut off leaves its transaction open, and others would wait for its
    # row locks until TCP gives up, hours later. Ours never wait for anything inside one.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options", "-c idle_in_transaction_session_timeout=15s"
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", default="")
