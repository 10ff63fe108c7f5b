"""What Django puts together: apps, middleware, templates; its key and its hosts."""

from __future__ import annotations

from webhooks_project.settings.environment import BASE_DIR, env

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
SILENCED_SYSTEM_CHECKS = [
    *env.list("SILENCED_SYSTEM_CHECKS", default=[]),
    # SQLite leaves out what an index only carries along, and is quick without.
    *("models.W039", "models.W040"),
]
