"""The catalogue's rows: which kinds of events exist."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class EventTypeQuerySet(models.QuerySet["EventType"]):
    def of(self, profile: str) -> EventTypeQuerySet:
        return self.filter(profile=profile)

    def subscribable(self) -> EventTypeQuerySet:
        return self.filter(is_subscribable=True)


class EventType(models.Model):
    """A kind of event of one profile, kept in step by `manage.py sync_event_types`."""

    profile = models.CharField(max_length=30)
    name = models.CharField(max_length=100)
    group = models.CharField(max_length=100)
    description = models.TextField()
    schema = models.JSONField(help_text="JSON Schema of the payload's data.")
    sample = models.JSONField(help_text="A realistic data object.")
    is_deprecated = models.BooleanField(default=False)
    is_subscribable = models.BooleanField(default=True)

    objects: ClassVar = EventTypeQuerySet.as_manager()

    class Meta:
        ordering = ["profile", "group", "name"]
        constraints = [
            models.UniqueConstraint(
                name="event_type_name_per_profile", fields=["profile", "name"]
            )
        ]

    def __str__(self) -> str:
        return self.name
