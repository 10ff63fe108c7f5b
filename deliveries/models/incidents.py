"""Incidents: a rule was hit, until it is not any more; and who was told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from deliveries.models.rules import NotificationRule
from subscriptions.identifiers import NotAnIdentifier, decode, encode, new_uid
from subscriptions.models import User, Webhook

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from subscriptions.models import Tenant


class IncidentQuerySet(models.QuerySet["Incident"]):
    def of(self, tenant: Tenant) -> IncidentQuerySet:
        return self.filter(rule__tenant=tenant)

    def open(self) -> IncidentQuerySet:
        return self.filter(resolved_at=None)

    def by_public_id(self, public_id: str) -> Incident:
        """Raises Incident.DoesNotExist, also for what never was an id."""
        try:
            return self.get(uid=decode("inc", public_id))
        except NotAnIdentifier:
            raise Incident.DoesNotExist from None


class Incident(models.Model):
    """It has the numbers of the moment at which it opened.

    ``clear_since`` is when the rule was first seen not to be hit; the next evaluation
    that sees the same resolves it. ``told_at``: the last time that people were told.
    """

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    rule = models.ForeignKey(
        NotificationRule,
        on_delete=models.CASCADE,
        related_name="incidents",
        db_index=False,
    )
    # Of rules that look at each webhook by itself.
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    value = models.FloatField()
    threshold = models.FloatField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    token = models.CharField(max_length=64, unique=True)
    message = models.TextField()
    opened_at = models.DateTimeField()
    told_at = models.DateTimeField()
    clear_since = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(max_length=200, blank=True, default="")

    objects: ClassVar = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # However many evaluators find it: one alert.
            models.UniqueConstraint(
                name="one_open_incident_per_rule",
                fields=["rule"],
                condition=Q(resolved_at=None, webhook=None),
            ),
            models.UniqueConstraint(
                name="one_open_incident_per_webhook",
                fields=["rule", "webhook"],
                condition=Q(resolved_at=None, webhook__isnull=False),
            ),
        ]
        indexes = [
            # For the API's list: the newest of a rule.
            models.Index(name="incident_of_rule", fields=["rule", "-id"]),
            # For the purge.
            models.Index(name="incident_by_age", fields=["resolved_at"]),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return encode("inc", self.uid)

    @property
    def state(self) -> str:
        return "resolved" if self.resolved_at else "open"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def unsent(self, now: datetime, *, lease: timedelta) -> NoticeQuerySet:
        """Those that nobody is sending. No lease is longer, unless a clock was moved."""
        impossible = Q(leased_until__gt=now + lease)
        free = Q(leased_until=None) | Q(leased_until__lte=now) | impossible
        return self.filter(free, ended_at=None)


class Notice(models.Model):
    """A mail to a person about an incident: written with what it tells of, sent later.

    Who dies between sending it and saying so has it sent once more.
    """

    class About(models.TextChoices):
        OPENED = "opened"
        STILL_OPEN = "still_open"
        RESOLVED = "resolved"

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="notices"
    )
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    about = models.CharField(max_length=10, choices=About.choices)
    created_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    # Mailed, or given up.
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            # For whoever sends them.
            models.Index(
                name="notice_unsent", fields=["id"], condition=Q(ended_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.about} {self.incident_id}"
