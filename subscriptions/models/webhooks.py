"""Where events go: webhooks, and the event types each one is subscribed to."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from subscriptions.identifiers import NotAnIdentifier, decode, encode, new_uid
from subscriptions.models.event_types import EventType
from subscriptions.models.tenants import Subsidiary, Tenant
from subscriptions.plain_text import visible

if TYPE_CHECKING:
    from datetime import datetime


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def of(self, tenant: Tenant) -> WebhookQuerySet:
        """What *tenant* may see: its own webhooks that are not deleted."""
        return self.filter(tenant=tenant, deleted_at=None)

    def present(self) -> WebhookQuerySet:
        return self.filter(deleted_at=None)

    def active(self) -> WebhookQuerySet:
        return self.present().filter(status=Webhook.Status.ACTIVE)

    def awaiting_verification(self, now: datetime) -> WebhookQuerySet:
        return self.present().filter(verification_due_at__lte=now)

    def for_display(self) -> WebhookQuerySet:
        """With all that the API and the pages show, in a fixed number of queries."""
        rows = self.select_related("tenant", "subsidiary", "health", "credentials")
        return rows.prefetch_related("subscriptions__event_type", "signing_secrets")

    def by_public_id(self, public_id: str) -> Webhook:
        """Raises Webhook.DoesNotExist, also for a text that never was an id."""
        try:
            return self.get(uid=decode("whk", public_id))
        except NotAnIdentifier:
            raise Webhook.DoesNotExist from None


class Webhook(models.Model):
    """An HTTPS endpoint of a customer, and what it wants to be told."""

    class Status(models.TextChoices):
        PENDING = "Pending"
        ACTIVE = "Active"
        DISABLED = "Disabled"

    class DisabledReason(models.TextChoices):
        MANUAL = "Manual"
        CONSECUTIVE_FAILURES = "ConsecutiveFailures", "Consecutive failures"
        GONE = "Gone"
        NOT_ACKNOWLEDGED = "NotAcknowledged", "Not acknowledged"

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="webhooks", db_index=False
    )
    subsidiary = models.ForeignKey(
        Subsidiary, on_delete=models.PROTECT, related_name="webhooks"
    )
    profile = models.CharField(max_length=30)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    url = models.CharField(max_length=2048)
    include_previous_attributes = models.BooleanField(default=False)
    # Which events of the subscribed types: subscriptions.filters. Null: all.
    filter = models.JSONField(null=True, blank=True)

    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.PENDING
    )
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(
        max_length=30, choices=DisabledReason.choices, blank=True, default=""
    )

    # A challenge is wanted when due; while one is out, due is when its lease ends.
    verification_due_at = models.DateTimeField(null=True, blank=True)
    verification_number = models.PositiveIntegerField(default=0)
    verification_error = models.TextField(blank=True, default="")
    verified_at = models.DateTimeField(null=True, blank=True)

    revision = models.PositiveIntegerField(default=1, help_text="Behind the ETag.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=255, blank=True, default="")
    updated_at = models.DateTimeField(null=True, blank=True)
    updated_by = models.CharField(max_length=255, blank=True, default="")
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="webhook_name_per_subsidiary",
                fields=["subsidiary", "name"],
                condition=Q(deleted_at=None),
            ),
            models.CheckConstraint(
                name="only_disabled_webhooks_have_a_reason",
                condition=Q(status="Disabled", disabled_at__isnull=False)
                & ~Q(disabled_reason="")
                | ~Q(status="Disabled") & Q(disabled_at=None, disabled_reason=""),
            ),
        ]
        indexes = [
            # For the API's list: newest first within a tenant.
            models.Index(name="webhook_of_tenant", fields=["tenant", "-id"]),
            # For deliveries.verification, which polls.
            models.Index(
                name="webhook_to_verify",
                fields=["verification_due_at"],
                condition=Q(verification_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return visible(self.name)

    @property
    def public_id(self) -> str:
        return encode("whk", self.uid)

    @property
    def etag(self) -> str:
        return f'"{self.public_id[4:]}-{self.revision}"'

    @property
    def event_names(self) -> list[str]:
        """What it wants, in the order in which that was chosen: of ``for_display``."""
        chosen = sorted(self.subscriptions.all(), key=attrgetter("pk"))
        return [each.event_type.name for each in chosen]

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE and self.deleted_at is None


class Subscription(models.Model):
    """A webhook wants an event type."""

    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="subscriptions", db_index=False
    )
    event_type = models.ForeignKey(
        EventType, on_delete=models.PROTECT, related_name="subscriptions"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="subscription_once", fields=["webhook", "event_type"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.webhook} · {self.event_type}"
