"""What answers say of rules and their incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from deliveries.api.rule_bodies import ENDED, PayloadValues
from deliveries.models import Incident, NotificationRule
from deliveries.notifications.incidents import link_to
from deliveries.notifications.reading import log_filter_of
from deliveries.policy.notification_rules import Baseline, Comparison, Kind, Metric
from subscriptions.api.serializers import TextOrNull

if TYPE_CHECKING:
    from enum import StrEnum


def _choice(values: type[StrEnum], source: str) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=[str(v) for v in values], source=source)


def _texts(source: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), source=source)


class RuleSerializer(serializers.Serializer[NotificationRule]):
    Id = serializers.CharField(source="public_id")
    Name = serializers.CharField(source="name")
    Description = TextOrNull(source="description")
    Enabled = serializers.BooleanField(source="is_enabled")
    Kind = _choice(Kind, "kind")
    SubsidiaryId = serializers.SerializerMethodField(method_name="subsidiary")
    WebhookId = serializers.SerializerMethodField(method_name="webhook")
    Metric = _choice(Metric, "metric")
    EventType = _texts("event_types")
    Status = serializers.ListField(
        child=serializers.ChoiceField(choices=ENDED), source="statuses"
    )
    ErrorKind = _texts("error_kinds")
    Data = PayloadValues(source="payload")
    Comparison = _choice(Comparison, "comparison")
    Threshold = serializers.FloatField(source="threshold")
    MinimumVolume = serializers.IntegerField(source="minimum_volume")
    Baseline = _choice(Baseline, "baseline")
    WindowMinutes = serializers.IntegerField(source="window_minutes")
    Recipients = serializers.SerializerMethodField(method_name="recipients")
    RepeatEachWindow = serializers.BooleanField(source="repeats_each_window")
    IsDefault = serializers.SerializerMethodField(method_name="is_default")
    CreatedAt = serializers.DateTimeField(source="created_at")
    CreatedBy = TextOrNull(source="created_by")
    UpdatedAt = serializers.DateTimeField(source="updated_at", allow_null=True)
    UpdatedBy = TextOrNull(source="updated_by")
    ETag = serializers.CharField(source="etag")

    def subsidiary(self, rule: NotificationRule) -> str | None:
        return rule.subsidiary.code if rule.subsidiary else None

    def webhook(self, rule: NotificationRule) -> str | None:
        return rule.webhook.public_id if rule.webhook else None

    def recipients(self, rule: NotificationRule) -> list[str]:
        return sorted(person.username for person in rule.recipients.all())

    def is_default(self, rule: NotificationRule) -> bool:
        return bool(rule.default_name)


class WindowSerializer(serializers.Serializer[Incident]):
    Since = serializers.DateTimeField(source="since")
    Until = serializers.DateTimeField(source="until")


class LogFilterSerializer(serializers.Serializer[Any]):
    """Parameters of a delivery log that lead to what the incident is about."""

    WebhookId = serializers.CharField(allow_null=True)
    StartDate = serializers.DateTimeField()
    EndDate = serializers.DateTimeField()
    Status = serializers.ListField(child=serializers.CharField())
    EventType = serializers.ListField(child=serializers.CharField())


class IncidentSerializer(serializers.Serializer[Incident]):
    Id = serializers.CharField(source="public_id")
    RuleId = serializers.CharField(source="rule.public_id")
    WebhookId = serializers.SerializerMethodField(method_name="webhook")
    State = serializers.ChoiceField(source="state", choices=["open", "resolved"])
    Message = serializers.CharField(source="message")
    Value = serializers.FloatField(source="value")
    Threshold = serializers.FloatField(source="threshold")
    Window = WindowSerializer(source="*")
    Token = serializers.CharField(source="token")
    Link = serializers.SerializerMethodField(method_name="link")
    OpenedAt = serializers.DateTimeField(source="opened_at")
    ResolvedAt = serializers.DateTimeField(source="resolved_at", allow_null=True)
    Resolution = TextOrNull(source="resolution")

    def webhook(self, incident: Incident) -> str | None:
        return incident.webhook.public_id if incident.webhook else None

    def link(self, incident: Incident) -> str:
        return link_to(incident)


class IncidentDetailSerializer(IncidentSerializer):
    Filter = serializers.SerializerMethodField(method_name="log_filter")
    DeliveryIds = serializers.SerializerMethodField(
        method_name="deliveries", help_text="The newest first; at most 100."
    )

    def log_filter(self, incident: Incident) -> LogFilterSerializer:
        return LogFilterSerializer(log_filter_of(incident)).data  # type: ignore[return-value]  # what the reference shows

    def deliveries(self, incident: Incident) -> list[str]:
        return [each.public_id for each in self.context["deliveries"]]


class RuleTestSerializer(serializers.Serializer[Any]):
    Value = serializers.FloatField(
        allow_null=True, help_text="Null: too little happened to say anything."
    )
    Threshold = serializers.FloatField()
    WouldTrigger = serializers.BooleanField()
    Recipients = serializers.IntegerField(help_text="How many people get a mail.")


class ReadyMadeSerializer(serializers.Serializer[Any]):
    Description = serializers.CharField()
    Rule = serializers.DictField(help_text="A body to create it with.")


class ReadyMadeListSerializer(serializers.Serializer[Any]):
    Items = ReadyMadeSerializer(many=True)
