"""The first answers to requests that came with an Idempotency-Key."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class IdempotentAnswer(models.Model):
    """Committed together with what the request did, or not at all.

    The answer is sealed: it may hold a secret that is shown once.
    """

    caller = models.CharField(max_length=50)
    route = models.CharField(max_length=500)
    key = models.CharField(max_length=255)
    # SHA-256 of what was asked: the same key with another body is refused.
    fingerprint = models.BinaryField(max_length=32)
    sealed = models.TextField(default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="idempotency_key_per_caller_and_route",
                fields=["caller", "route", "key"],
            )
        ]
        indexes = [
            # For the purge.
            models.Index(name="idempotent_answer_created", fields=["created_at"])
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"

    @property
    def sealing_context(self) -> str:
        """What an answer is bound to."""
        return f"idempotency:{self.caller}:{self.route}:{self.key}"
