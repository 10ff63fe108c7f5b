"""What a program may do: the scopes that exist, and those a client was granted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oauth2_provider.scopes import BaseScopes

if TYPE_CHECKING:
    from subscriptions.models import ApiClient

SCOPES = {
    "webhooks:read": "See webhooks and the event catalogue",
    "webhooks:write": "Create, change, verify, test and delete webhooks",
    "webhooks:secrets": "Reveal signing secrets",
    "logs:read": "Read delivery logs and health",
    "logs:replay": "Send deliveries again",
    "events:read": "Read events",
    "events:write": "Publish events",
    "rules:read": "See notification rules",
    "rules:write": "Change notification rules",
    "audit:read": "Read the audit log",
}
PLATFORM_SCOPES = ("events:read", "events:write")


class GrantedScopes(BaseScopes):  # type: ignore[misc]  # the library is untyped
    """Tells django-oauth-toolkit: a token's default is all that its client has."""

    def get_all_scopes(self) -> dict[str, str]:
        return SCOPES

    def get_available_scopes(
        self, application: ApiClient | None = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return application.scopes.split() if application else list(SCOPES)

    def get_default_scopes(
        self, application: ApiClient | None = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return self.get_available_scopes(application)
