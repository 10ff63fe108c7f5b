"""What operators see: metrics, spans, the log."""

from __future__ import annotations

from typing import Any

from webhooks_project.settings.environment import env

WEBHOOKS_METRICS_TOKEN = env.str("WEBHOOKS_METRICS_TOKEN", default="")
WEBHOOKS_METRICS_NETWORKS = env.list(
    "WEBHOOKS_METRICS_NETWORKS", default=["127.0.0.0/8", "::1"]
)
WEBHOOKS_LOG_FORMAT = env.str("WEBHOOKS_LOG_FORMAT", default="wide")
# Off unless somebody says where spans go, or that they do (deliveries/spans.py).
WEBHOOKS_TRACING = env.bool(
    "WEBHOOKS_TRACING", default=bool(env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default=""))
)

DEFAULT_EXCEPTION_REPORTER_FILTER = "webhooks_project.error_reports.SecretsFilter"
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "wide": {"()": "webhooks_project.logs.WideLineFormatter"},
        "json": {"()": "webhooks_project.logs.JsonLineFormatter"},
    },
    "filters": {
        "request": {"()": "webhooks_project.request_ids.RequestIdFilter"},
        "redacting": {"()": "webhooks_project.logs.RedactingFilter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": WEBHOOKS_LOG_FORMAT,
            "filters": ["request", "redacting"],
        }
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # Without the handlers that Django gives them: these would redact nothing.
        "django": {"level": "INFO"},
        "django.server": {"level": "INFO"},
        # Our own lines say what matters of these.
        "django-q": {"level": "WARNING"},
        "urllib3": {"level": "ERROR"},
        "axes": {"level": "ERROR"},
    },
}
