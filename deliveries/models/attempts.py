"""The delivery log: one row for each HTTP exchange, written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from deliveries.models.deliveries import Delivery
from deliveries.policy.error_kinds import POISON, UNSEEN
from subscriptions.identifiers import encode
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from subscriptions.models import Tenant


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def of(self, tenant: Tenant) -> AttemptQuerySet:
        return self.filter(webhook__tenant=tenant)

    def counted(self) -> AttemptQuerySet:
        """Those that health and statistics count: tests are not."""
        return self.filter(is_test=False)

    def marking_latest(self) -> AttemptQuerySet:
        """Each with ``is_latest``: its delivery has no later attempt."""
        return self.annotate(is_latest=~_later())  # type: ignore[no-redef]  # declared there

    def only_latest(self) -> AttemptQuerySet:
        """Of each delivery the last one alone."""
        return self.filter(~_later())


def _later() -> Exists:
    later = Attempt.objects.filter(
        delivery=OuterRef("delivery"), sequence__gt=OuterRef("sequence")
    )
    return Exists(later)


class Attempt(models.Model):
    """What was sent, what came back, and how long it took. Never changed.

    ``sequence`` is the delivery's claim number under which it was made; ``number`` is
    what the receiver was told: an attempt that a crash interrupted is made
    again under the same number.
    """

    class Status(models.TextChoices):
        SUCCESS = "success"
        FAILED = "failed"
        TIMEOUT = "timeout"
        SKIPPED = "skipped"

    # Sent, and seen to its end: of the others the duration is not known.
    MEASURED: ClassVar = ~Q(status=Status.SKIPPED) & ~Q(error_kind__in=UNSEEN)

    delivery = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, related_name="attempts", db_index=False
    )
    webhook = models.ForeignKey(
        Webhook, on_delete=models.PROTECT, related_name="attempts", db_index=False
    )
    sequence = models.PositiveIntegerField()
    number = models.PositiveSmallIntegerField()
    event_type = models.CharField(max_length=100)
    status = models.CharField(max_length=10, choices=Status.choices)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    error_kind = models.CharField(max_length=20, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    url = models.CharField(max_length=2048)
    started_at = models.DateTimeField(default=timezone.now)
    duration_ms = models.PositiveIntegerField(default=0)
    dns_ms = models.PositiveIntegerField(null=True, blank=True)
    connect_ms = models.PositiveIntegerField(null=True, blank=True)
    tls_ms = models.PositiveIntegerField(null=True, blank=True)
    wait_ms = models.PositiveIntegerField(null=True, blank=True)
    remote_address = models.CharField(max_length=45, blank=True, default="")
    request_headers = models.JSONField(default=dict)
    response_headers = models.JSONField(default=list)
    response_body = models.BinaryField(default=b"")
    is_test = models.BooleanField(default=False)

    # On rows of marking_latest() only.
    is_latest: bool

    objects: ClassVar = AttemptQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # With what lists of deliveries ask of the latest.
            models.UniqueConstraint(
                name="one_attempt_per_claim",
                fields=["delivery", "sequence"],
                include=["status_code", "error_kind"],
            )
        ]
        indexes = [
            # For logs: the newest of a webhook, and counts over a window. All that is
            # counted stands in the index, so that no row of the log need be fetched.
            models.Index(
                name="attempt_log_counted",
                fields=[
                    *("webhook", "-started_at", "-id"),
                    *("status", "event_type", "duration_ms", "error_kind", "is_test"),
                ],
            ),
            # For supervision.signs: how many deliveries were given up of late.
            models.Index(
                name="attempt_poison",
                fields=["started_at"],
                condition=Q(error_kind=POISON),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @classmethod
    def without_exchange(cls, delivery: Delivery, **what: Any) -> Attempt:
        """The delivery's latest claim as an entry: it was not sent, or nobody knows."""
        return cls(
            delivery=delivery,
            webhook=delivery.webhook,
            sequence=delivery.claim_number,
            number=delivery.attempts_made + 1,
            event_type=delivery.event.type,
            url=delivery.webhook.url,
            is_test=delivery.is_test,
            **what,
        )

    @property
    def public_id(self) -> str:
        return log_id(self.delivery, self.sequence)

    @property
    def is_measured(self) -> bool:
        """The same as MEASURED, of a row at hand."""
        was_sent = self.status != self.Status.SKIPPED
        return was_sent and self.error_kind not in UNSEEN


def log_id(delivery: Delivery, sequence: int) -> str:
    """The id of a log entry, known before the attempt is made."""
    return f"{encode('log', delivery.uid)}_{sequence}"
