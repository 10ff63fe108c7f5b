"""Every setting, from the environment. The defaults run on a laptop without any.

docs/configuration.md explains each variable; `manage.py check` refuses contradictions.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=True)
DEFAULT_SECRET_KEY = "insecure-development-key-do-not-use-in-production-0123456789"  # noqa: S105 (refused unless DEBUG)
SECRET_KEY = env.str("DJANGO_SECRET_KEY", default="") or DEFAULT_SECRET_KEY
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "webhooks_project.urls"
WSGI_APPLICATION = "webhooks_project.wsgi.application"

INSTALLED_APPS = [
    "webhooks_project.apps.WebhooksProjectConfig",
    "webhooks_project.apps.WebhooksAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "oauth2_provider",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "django_q",
    "axes",
    "django_htmx",
    "subscriptions",
    "deliveries",
]

MIDDLEWARE = [
    "webhooks_project.request_ids.RequestIdMiddleware",
    "webhooks_project.metrics.requests.RequestMetrics",
    "subscriptions.api.throttling.RateLimitHeaders",
    "webhooks_project.problems.ProblemMiddleware",
    "webhooks_project.browsers.BrowserHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "webhooks_project.browsers.SessionLimits",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "webhooks_project.languages.PageLanguage",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Storage ------------------------------------------------------------------------
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

# --- Workers (docs/adr/0001-rows-are-the-queue.md) ----------------------------------
Q_WORKERS = env.int("Q_WORKERS", default=2)
Q_CLUSTER: dict[str, Any] = {
    "name": "webhooks",
    "workers": Q_WORKERS,
    "queue_limit": Q_WORKERS,
    "timeout": 90,
    "retry": 120,
    "poll": 0.05,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 500,
    "log_level": "WARNING",
} | ({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"})

# --- People and programs ------------------------------------------------------------
AUTH_USER_MODEL = "subscriptions.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "subscriptions.client_secrets.ClientSecretHasher",
]
LOGIN_URL = "admin:login"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
WEBHOOKS_REQUIRE_TWO_FACTOR = env.str(
    "WEBHOOKS_REQUIRE_TWO_FACTOR", default="nobody" if DEBUG else "everyone"
)
# Failed logins; subscriptions/lockout.py has the tiers.
AXES_HANDLER = "subscriptions.lockout.TieredHandler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(days=1)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "subscriptions.lockout.address_of"
AXES_LOCKOUT_CALLABLE = "subscriptions.pages.login.locked_out"
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True
OAUTH2_PROVIDER_APPLICATION_MODEL = "subscriptions.ApiClient"
OAUTH2_PROVIDER: dict[str, Any] = {
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "SCOPES_BACKEND_CLASS": "subscriptions.scopes.GrantedScopes",
    "CLIENT_SECRET_HASHER": "client_secret",
    # Client credentials are all we offer: the rest of OAuth is closed, as RFC 9700 says.
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
}

# --- The public API -----------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "subscriptions.api.authentication.BearerAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["subscriptions.api.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["subscriptions.api.throttling.ContractThrottle"],
    "DEFAULT_PARSER_CLASSES": ["webhooks_project.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "webhooks_project.parsers.JSONNegotiation",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_PAGINATION_CLASS": "subscriptions.api.paging.PagePagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "webhooks_project.openapi.ContractSchema",
    "EXCEPTION_HANDLER": "webhooks_project.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Webhooks API",
    "VERSION": "3",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/p/v3",
    "PREPROCESSING_HOOKS": ["webhooks_project.openapi.only_canonical"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "webhooks_project.openapi.complete",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "LogStatus": "deliveries.logs.STATUSES",
        "EndedStatus": "deliveries.api.rule_bodies.ENDED",
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 40 * 1024 * 1024

# --- Webhooks (contract, section 10) ------------------------------------------------
WEBHOOKS_ENCRYPTION_KEYS = env.str("WEBHOOKS_ENCRYPTION_KEYS", default="")
WEBHOOKS_ALLOWED_NETWORKS = env.list("WEBHOOKS_ALLOWED_NETWORKS", default=[])
WEBHOOKS_DENIED_NETWORKS = env.list("WEBHOOKS_DENIED_NETWORKS", default=[])
WEBHOOKS_NAT64 = env.bool("WEBHOOKS_NAT64", default=False)
WEBHOOKS_EGRESS_PROXY = env.str("WEBHOOKS_EGRESS_PROXY", default="")
WEBHOOKS_ALLOW_HTTP = env.bool("WEBHOOKS_ALLOW_HTTP", default=False)
WEBHOOKS_CA_BUNDLE = env.str("WEBHOOKS_CA_BUNDLE", default="")
WEBHOOKS_INBOX = env.str("WEBHOOKS_INBOX", default="")
WEBHOOKS_TIMEOUT = timedelta(seconds=env.float("WEBHOOKS_TIMEOUT", default=30))
WEBHOOKS_VERIFICATION_TIMEOUT = timedelta(
    seconds=env.float("WEBHOOKS_VERIFICATION_TIMEOUT", default=3)
)
WEBHOOKS_RETRY_DELAYS = tuple(
    timedelta(seconds=float(delay))
    for delay in env.list("WEBHOOKS_RETRY_DELAYS", default=["10", "30", "60"])
)
WEBHOOKS_DELAY_SCALE = env.float("WEBHOOKS_DELAY_SCALE", default=1)
WEBHOOKS_PROFILES = env.list("WEBHOOKS_PROFILES", default=[])
WEBHOOKS_AUTO_DISABLE_AFTER = env.int("WEBHOOKS_AUTO_DISABLE_AFTER", default=10)
WEBHOOKS_HEADER_PREFIX = env.str("WEBHOOKS_HEADER_PREFIX", default="X-Alvys-")
WEBHOOKS_USER_AGENT = env.str("WEBHOOKS_USER_AGENT", default="Alvys-Webhook/1.0")
WEBHOOKS_RATE_PER_TOKEN = env.float("WEBHOOKS_RATE_PER_TOKEN", default=10)
WEBHOOKS_RATE_PER_TENANT = env.float("WEBHOOKS_RATE_PER_TENANT", default=50)
WEBHOOKS_INGEST_RATE = env.float("WEBHOOKS_INGEST_RATE", default=1000)
WEBHOOKS_MAX_WEBHOOKS = env.int("WEBHOOKS_MAX_WEBHOOKS", default=50)
WEBHOOKS_EXPORTS_AT_ONCE = env.int("WEBHOOKS_EXPORTS_AT_ONCE", default=2)
WEBHOOKS_TENANTS_MAY_PUBLISH = env.bool("WEBHOOKS_TENANTS_MAY_PUBLISH", default=False)
WEBHOOKS_TRUSTED_PROXIES = env.int("WEBHOOKS_TRUSTED_PROXIES", default=0)
WEBHOOKS_CONCURRENCY = env.int("WEBHOOKS_CONCURRENCY", default=32)
WEBHOOKS_IN_FLIGHT_PER_WEBHOOK = env.int("WEBHOOKS_IN_FLIGHT_PER_WEBHOOK", default=4)
WEBHOOKS_INDEX_PAYLOADS = env.bool("WEBHOOKS_INDEX_PAYLOADS", default=True)
WEBHOOKS_RETENTION_DAYS = timedelta(days=env.int("WEBHOOKS_RETENTION_DAYS", default=30))
WEBHOOKS_PAYLOAD_RETENTION_DAYS = timedelta(
    days=env.int("WEBHOOKS_PAYLOAD_RETENTION_DAYS", default=0)
)
WEBHOOKS_RECOVERY_RATE = env.float("WEBHOOKS_RECOVERY_RATE", default=5)
WEBHOOKS_AUDIT_RETENTION_DAYS = timedelta(
    days=env.int("WEBHOOKS_AUDIT_RETENTION_DAYS", default=400)
)
WEBHOOKS_SITE_URL = env.str("WEBHOOKS_SITE_URL", default="http://localhost:8000")
WEBHOOKS_METRICS_TOKEN = env.str("WEBHOOKS_METRICS_TOKEN", default="")
WEBHOOKS_METRICS_NETWORKS = env.list(
    "WEBHOOKS_METRICS_NETWORKS", default=["127.0.0.0/8", "::1"]
)
WEBHOOKS_LOG_FORMAT = env.str("WEBHOOKS_LOG_FORMAT", default="wide")
# Off unless somebody says where spans go, or that they do (deliveries/spans.py).
WEBHOOKS_TRACING = env.bool(
    "WEBHOOKS_TRACING", default=bool(env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default=""))
)
# For tests of faults only (deliveries/engine/steps.py).
WEBHOOKS_DIE_AT = env.str("WEBHOOKS_DIE_AT", default="")
# `subscriptions` may not import `deliveries`; it is told here whom to wake, and who
# forgets.
WEBHOOKS_WAKE_WORKERS = "deliveries.queue.wake_workers"
WEBHOOKS_PUBLISH_ABOUT = "deliveries.operational.publish_about"
WEBHOOKS_FORGET_FAILURES = "deliveries.forgetting.forget_failures"

# --- Words, times, static files, mail -----------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="webhooks@example.com")

# --- Browsers (SECURITY.md) ---------------------------------------------------------
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# A browser takes a cookie of this name from this host alone, and by TLS alone.
_HOST = "" if DEBUG else "__Host-"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_HOST}sessionid", f"{_HOST}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 60 * 60
# Not in a cookie of its own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0 if DEBUG else 31536000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SILENCED_SYSTEM_CHECKS = env.list("SILENCED_SYSTEM_CHECKS", default=[])

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
