"""Programs that use the API, as OAuth 2.0 client applications."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from oauth2_provider.models import AbstractApplication

from subscriptions.models.tenants import Tenant


class ApiClient(AbstractApplication):  # type: ignore[misc]  # the library is untyped
    """A client of one tenant; without a tenant, the platform's own backend."""

    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="api_clients",
    )
    scopes = models.TextField(blank=True, help_text="Granted scopes, space-separated.")
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractApplication.Meta):  # type: ignore[misc]
        abstract = False
        verbose_name = "API client"

    def is_usable(self, request: Any) -> bool:
        """What django-oauth-toolkit asks before it issues a token."""
        return self.expires_at is None or timezone.now() < self.expires_at
