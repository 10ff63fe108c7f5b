"""Who comes in: people by password and second factor, programs by OAuth 2.0."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from webhooks_project.settings.environment import DEBUG, env

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
