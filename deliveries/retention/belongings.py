"""All that is a tenant's, table by table: what it may take along, and what is erased.

A test walks all models: it fails until one that leads to a tenant stands here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from django.contrib.admin.models import LogEntry
from oauth2_provider import models as oauth

from deliveries.models import (
    Attempt,
    DailyRollup,
    Delivery,
    Event,
    EventText,
    InboxMessage,
    Incident,
    Notice,
    NotificationRule,
    Recovery,
    Rollup,
    WebhookHealth,
)
from subscriptions import audit
from subscriptions.models import (
    ApiClient,
    AuditEvent,
    Authenticator,
    Credentials,
    RunningExport,
    SignatureToken,
    SigningSecret,
    Subscription,
    Subsidiary,
    Tenant,
    User,
    Webhook,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from django.db.models import Model, QuerySet


class Belonging(NamedTuple):
    """A table, and how its rows lead to their tenant.

    *kind*: as the export calls a row; without one none are exported. *secret*: columns
    that leave the installation in no case. *erase*: deletes some of a tenant's rows
    and says how many, where that takes more than a DELETE.
    """

    model: type[Model]
    path: str
    kind: str = ""
    secret: tuple[str, ...] = ()
    erase: Callable[[int], int] | None = None

    def of(self, tenant: Tenant) -> QuerySet[Any]:
        return self.model._default_manager.filter(**{self.path: tenant.pk})  # noqa: SLF001 (Django's documented API)


# In the order of the export: what others point to comes first.
BELONGINGS = (
    Belonging(Tenant, "pk", "tenant"),
    Belonging(Subsidiary, "tenant", "subsidiary"),
    Belonging(User, "tenant", "user", secret=("password",)),
    Belonging(User.groups.through, "user__tenant"),
    Belonging(Authenticator, "user__tenant"),
    Belonging(User.user_permissions.through, "user__tenant"),
    Belonging(LogEntry, "user__tenant", "change"),
    Belonging(ApiClient, "tenant", "client", secret=("client_secret",)),
    Belonging(oauth.get_access_token_model(), "application__tenant"),
    Belonging(oauth.get_refresh_token_model(), "application__tenant"),
    Belonging(oauth.get_id_token_model(), "application__tenant"),
    Belonging(oauth.get_grant_model(), "application__tenant"),
    Belonging(oauth.get_device_grant_model(), "user__tenant"),
    Belonging(Webhook, "tenant", "webhook"),
    Belonging(Subscription, "webhook__tenant", "subscription"),
    Belonging(SigningSecret, "webhook__tenant"),
    Belonging(SignatureToken, "webhook__tenant"),
    Belonging(Credentials, "webhook__tenant"),
    Belonging(WebhookHealth, "webhook__tenant"),
    Belonging(Rollup, "webhook__tenant"),
    Belonging(DailyRollup, "webhook__tenant"),
    Belonging(InboxMessage, "tenant"),
    Belonging(Recovery, "webhook__tenant", "recovery"),
    Belonging(NotificationRule, "tenant", "rule"),
    Belonging(
        NotificationRule.recipients.through, "notificationrule__tenant", "recipient"
    ),
    Belonging(Incident, "rule__tenant", "incident", secret=("token",)),
    Belonging(Notice, "incident__rule__tenant", "notice"),
    Belonging(Event, "tenant", "event"),
    # The payload index: what is in the events already.
    Belonging(EventText, "tenant"),
    Belonging(Delivery, "event__tenant", "delivery"),
    Belonging(Attempt, "webhook__tenant", "attempt"),
    Belonging(RunningExport, "tenant"),
    Belonging(
        AuditEvent, "tenant", "audit_event", erase=partial(audit.erase, limit=500)
    ),
)
