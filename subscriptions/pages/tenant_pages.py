"""What pages begin with that are about a tenant itself, and not about a webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from subscriptions.pages.base import Page

if TYPE_CHECKING:
    from subscriptions.models import Tenant


class TenantPage(Page):
    """A page of the visitor's own tenant; the platform's staff has none: 403."""

    @property
    def tenant(self) -> Tenant:
        if self.visitor.tenant is None:
            raise PermissionDenied
        return self.visitor.tenant
