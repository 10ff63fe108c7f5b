"""Rules: what somebody wants to be told of, and who is told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from deliveries.policy.notification_rules import Baseline, Comparison, Kind, Metric
from subscriptions.identifiers import NotAnIdentifier, decode, encode, new_uid
from subscriptions.models import Subsidiary, Tenant, User, Webhook

if TYPE_CHECKING:
    from datetime import datetime


class NotificationRuleQuerySet(models.QuerySet["NotificationRule"]):
    def of(self, tenant: Tenant) -> NotificationRuleQuerySet:
        return self.filter(tenant=tenant, deleted_at=None)

    def live(self) -> NotificationRuleQuerySet:
        return self.filter(is_enabled=True, deleted_at=None)

    def for_display(self) -> NotificationRuleQuerySet:
        """With all that the API shows, in a fixed number of queries."""
        related = self.select_related("tenant", "subsidiary", "webhook")
        return related.prefetch_related("recipients")

    def due(
        self, now: datetime, *, longest_wait: timedelta
    ) -> NotificationRuleQuerySet:
        """Measured rules whose time has come.

        None waits longer than *longest_wait*: who seems to, a clock was put back.
        """
        impossible = Q(due_at__gt=now + longest_wait)
        measured = self.live().filter(kind__in=Kind.measured())
        return measured.filter(Q(due_at=None) | Q(due_at__lte=now) | impossible)

    def by_public_id(self, public_id: str) -> NotificationRule:
        """Raises NotificationRule.DoesNotExist, also for what never was an id."""
        try:
            return self.get(uid=decode("rule", public_id))
        except NotAnIdentifier:
            raise NotificationRule.DoesNotExist from None


class NotificationRule(models.Model):
    """A number that is looked at each minute, and when somebody is told.

    What *metric*, conditions, *comparison*, *threshold*, *baseline* and the window mean
    to each kind stands in docs/notifications.md. A deleted rule keeps its incidents.
    """

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="rules", db_index=False
    )
    # Empty: of all subsidiaries; of all webhooks.
    subsidiary = models.ForeignKey(
        Subsidiary, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, null=True, blank=True, related_name="rules"
    )
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    is_enabled = models.BooleanField(default=True)
    kind = models.CharField(max_length=20, choices=[(k, k) for k in Kind])

    metric = models.CharField(
        max_length=10, choices=[(m, m) for m in Metric], default=Metric.DELIVERIES
    )
    event_types = models.JSONField(default=list, blank=True)
    statuses = models.JSONField(default=list, blank=True)
    error_kinds = models.JSONField(default=list, blank=True)
    # Dotted path into the payload → values of which it has one.
    payload = models.JSONField(default=dict, blank=True)
    comparison = models.CharField(
        max_length=10, choices=[(c, c) for c in Comparison], default=Comparison.AT_LEAST
    )
    threshold = models.FloatField(default=1)
    minimum_volume = models.PositiveIntegerField(default=1)
    baseline = models.CharField(
        max_length=20, choices=[(b, b) for b in Baseline], default=Baseline.PREVIOUS
    )
    window_minutes = models.PositiveIntegerField(default=60)

    # Nobody named: all people of the tenant.
    recipients = models.ManyToManyField(User, blank=True, related_name="+")
    repeats_each_window = models.BooleanField(default=False)

    # Which of the rules it is that every tenant has; empty: somebody made it.
    default_name = models.CharField(max_length=30, blank=True, default="")
    due_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1, help_text="Behind the ETag.")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=255, blank=True, default="")
    updated_at = models.DateTimeField(null=True, blank=True)
    updated_by = models.CharField(max_length=255, blank=True, default="")
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = NotificationRuleQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="a_default_rule_once_per_tenant",
                fields=["tenant", "default_name"],
                condition=~Q(default_name=""),
            ),
        ]
        indexes = [
            # For the API's list: newest first within a tenant.
            models.Index(name="rule_of_tenant", fields=["tenant", "-id"]),
            # For the evaluation, which looks for what is due.
            models.Index(
                name="rule_due",
                fields=["due_at"],
                condition=Q(is_enabled=True, deleted_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return encode("rule", self.uid)

    @property
    def etag(self) -> str:
        return f'"{self.public_id[5:]}-{self.revision}"'

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.window_minutes)
