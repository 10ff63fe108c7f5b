"""Who looks at a page, what they may do there, and whose webhooks they see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subscriptions.models import Subsidiary, Webhook
from subscriptions.roles import Right, Role, rights_of, role_of
from subscriptions.sessions import person

if TYPE_CHECKING:
    from django.http import HttpRequest

    from subscriptions.models import Tenant, User
    from subscriptions.models.webhooks import WebhookQuerySet

# In the session: the code of the chosen subsidiary; missing for all of them.
CHOSEN = "subsidiary"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Without a *tenant*: the platform's support, who sees all of them.

    *rights* can be asked by name in a template: ``{% if "delete" in visitor.rights %}``.
    """

    user: User
    role: Role
    rights: frozenset[Right]
    tenant: Tenant | None
    subsidiaries: tuple[Subsidiary, ...]
    subsidiary: Subsidiary | None

    @property
    def is_support(self) -> bool:
        return self.tenant is None

    def webhooks(self) -> WebhookQuerySet:
        """All that the person may see. Every query of a page begins here."""
        rows = Webhook.objects
        return rows.present() if self.tenant is None else rows.of(self.tenant)

    def listed_webhooks(self) -> WebhookQuerySet:
        """Those of the chosen subsidiary; all, if none is chosen."""
        rows = self.webhooks()
        return rows.filter(subsidiary=self.subsidiary) if self.subsidiary else rows


def visitor_of(request: HttpRequest) -> Visitor:
    """Asked several times for one page: by the shell and by the page."""
    known: Visitor | None = getattr(request, "visitor", None)
    if known is None:
        known = _visitor(request)
        request.visitor = known  # type: ignore[attr-defined]
    return known


def _visitor(request: HttpRequest) -> Visitor:
    user = person(request)
    mine = Subsidiary.objects.filter(tenant=user.tenant_id).select_related("tenant")
    subsidiaries = tuple(mine) if user.tenant_id else ()
    if subsidiaries:
        # It came with them: each page asks one question less.
        user.tenant = subsidiaries[0].tenant
    chosen = request.session.get(CHOSEN)
    return Visitor(
        user=user,
        role=role_of(user),
        rights=rights_of(user),
        tenant=user.tenant,
        subsidiaries=subsidiaries,
        subsidiary=next((each for each in subsidiaries if each.code == chosen), None),
    )
