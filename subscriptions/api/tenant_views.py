"""What every view shares that belongs to a tenant, in both apps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rest_framework.exceptions import PermissionDenied

from subscriptions.api.idempotent_views import IdempotentView
from subscriptions.models import Webhook
from subscriptions.origins import ActorKind, Origin

if TYPE_CHECKING:
    from rest_framework.serializers import BaseSerializer

    from subscriptions.api.authentication import Principal
    from subscriptions.models import Tenant


class TenantView(IdempotentView):
    """A view that begins every query with ``self.tenant``."""

    @property
    def principal(self) -> Principal:
        return cast("Principal", self.request.auth)

    @property
    def origin(self) -> Origin:
        """Who asks, for the audit log: handed to each operation that changes something."""
        name = self.principal.name
        return Origin.of_request(self.request, kind=ActorKind.CLIENT, name=name)

    @property
    def tenant(self) -> Tenant:
        if self.principal.tenant is None:
            message = "This belongs to a tenant, and a platform client has none."
            raise PermissionDenied(message)
        return self.principal.tenant

    def webhook(self) -> Webhook:
        """The tenant's webhook that the address names; another tenant's is unknown."""
        mine = Webhook.objects.of(self.tenant).for_display()
        found: Webhook = mine.by_public_id(self.kwargs["webhook_id"])
        return found

    def parsed(self, body: type[BaseSerializer[Any]]) -> Any:
        """The request's body, as *body* understands it; raises ValidationError."""
        parsed = body(data=self.request.data, context={"tenant": self.tenant})
        parsed.is_valid(raise_exception=True)
        return parsed.validated_data
