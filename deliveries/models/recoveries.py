"""Recoveries: what a webhook did not get, sent again in bulk."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from subscriptions.identifiers import NotAnIdentifier, decode, encode, new_uid
from subscriptions.models import Webhook

# What can be sent again, in the words of the API: the states of a delivery.
STATES = {"failed": 3, "skipped": 4}


class RecoveryQuerySet(models.QuerySet["Recovery"]):
    def running(self) -> RecoveryQuerySet:
        return self.filter(status=Recovery.Status.RUNNING)

    def by_public_id(self, public_id: str) -> Recovery:
        """Raises Recovery.DoesNotExist, also for a text that never was an id."""
        try:
            return self.get(uid=decode("rcv", public_id))
        except NotAnIdentifier:
            raise Recovery.DoesNotExist from None


class Recovery(models.Model):
    """What matches is queued batch by batch, in the order of time.

    ``stage`` and the position say up to where. A batch moves them in the transaction
    that inserts its deliveries, so whoever finds the row goes on where the last one
    stopped. ``next_due_at`` is when the next delivery may go out, by the rate.
    """

    class Status(models.TextChoices):
        RUNNING = "running"
        COMPLETED = "completed"
        CANCELLED = "cancelled"

    class Stage(models.IntegerChoices):
        # Deliveries that ended without success.
        NOT_RECEIVED = 0
        # Events that never had a delivery.
        MISSED = 1
        # All is queued, and not yet all has ended.
        SENDING = 2

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    webhook = models.ForeignKey(
        Webhook, on_delete=models.PROTECT, related_name="recoveries", db_index=False
    )
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.RUNNING
    )
    reason = models.CharField(
        max_length=200, blank=True, default="", help_text="Why it was cancelled."
    )

    since = models.DateTimeField()
    until = models.DateTimeField()
    states = models.JSONField(default=list)
    event_types = models.JSONField(default=list)
    include_missed = models.BooleanField(default=False)

    matched = models.PositiveIntegerField(help_text="When it began.")
    queued = models.PositiveIntegerField(default=0)
    stage = models.PositiveSmallIntegerField(
        choices=Stage.choices, default=Stage.NOT_RECEIVED
    )
    position_at = models.DateTimeField()
    position_id = models.PositiveBigIntegerField(default=0)
    next_due_at = models.DateTimeField()

    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=255, blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = RecoveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "recoveries"
        constraints = [
            models.UniqueConstraint(
                name="one_recovery_of_a_webhook_at_a_time",
                fields=["webhook"],
                condition=Q(status="running"),
            ),
            models.CheckConstraint(
                name="only_running_recoveries_have_not_ended",
                condition=Q(status="running", ended_at=None)
                | ~Q(status="running") & Q(ended_at__isnull=False),
            ),
        ]
        indexes = [
            # For the API's list: the newest of a webhook.
            models.Index(name="recovery_of_webhook", fields=["webhook", "-id"]),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return encode("rcv", self.uid)

    @property
    def statuses(self) -> list[str]:
        """Its states in the words of the API."""
        return [name for name, state in STATES.items() if state in self.states]
