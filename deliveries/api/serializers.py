"""What answers say of the delivery log, of health and of what was published."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from deliveries.logs import EVENT_STATUSES, STATUSES, EventFile, Health, LogEntry
from deliveries.models import Recovery
from subscriptions.api.serializers import TextOrNull


class LogEntrySerializer(serializers.Serializer[LogEntry]):
    Id = serializers.CharField(source="id")
    DeliveryId = serializers.CharField(source="delivery.public_id")
    EventId = serializers.CharField(source="delivery.event.public_id")
    EventType = serializers.CharField(source="event_type")
    Status = serializers.ChoiceField(source="status", choices=STATUSES)
    HttpStatusCode = serializers.IntegerField(source="status_code", allow_null=True)
    DurationMs = serializers.IntegerField(source="duration_ms", allow_null=True)
    AttemptNumber = serializers.IntegerField(source="attempt_number")
    Timestamp = serializers.DateTimeField(source="timestamp")
    ConsumerUrl = serializers.CharField(source="url")
    ErrorMessage = serializers.CharField(source="error_message", allow_null=True)
    NextAttemptAt = serializers.DateTimeField(source="next_attempt_at", allow_null=True)


class TimingSerializer(serializers.Serializer[LogEntry]):
    """On a connection that was used before, only the wait is there."""

    DnsMs = serializers.IntegerField(source="attempt.dns_ms", allow_null=True)
    ConnectMs = serializers.IntegerField(source="attempt.connect_ms", allow_null=True)
    TlsMs = serializers.IntegerField(source="attempt.tls_ms", allow_null=True)
    WaitMs = serializers.IntegerField(source="attempt.wait_ms", allow_null=True)


class LogEntryDetailSerializer(LogEntrySerializer):
    """With the whole exchange; of a pending entry there is none yet."""

    HttpMethod = serializers.CharField(default="POST", read_only=True)
    EventTimestamp = serializers.DateTimeField(source="delivery.event.occurred_at")
    RequestHeaders = serializers.DictField(
        source="request_headers", child=serializers.CharField()
    )
    RequestBody = serializers.CharField(source="request_body", allow_null=True)
    ResponseHeaders = serializers.DictField(
        source="response_headers", child=serializers.CharField()
    )
    ResponseBody = serializers.CharField(source="response_body", allow_null=True)
    PayloadNote = serializers.CharField(
        source="payload_note",
        allow_null=True,
        help_text="Why there are no bodies any more; null while they are kept.",
    )
    ErrorKind = serializers.CharField(source="error_kind", allow_null=True)
    Explanation = serializers.CharField(source="explanation.what", allow_null=True)
    Remedy = serializers.CharField(source="explanation.remedy", allow_null=True)
    Timing = TimingSerializer(source="*")
    RemoteAddress = TextOrNull(source="attempt.remote_address")
    EntityType = TextOrNull(source="delivery.event.entity_type")
    EntityId = TextOrNull(source="delivery.event.entity_id")
    IsTest = serializers.BooleanField(source="delivery.is_test")
    IsReplay = serializers.BooleanField(source="delivery.is_replay")


class FacetValueSerializer(serializers.Serializer[Any]):
    Value = serializers.CharField(source="value")
    Count = serializers.IntegerField(source="count")


class FacetsSerializer(serializers.Serializer[Any]):
    """How many of the entries that match have which value; the most first."""

    Status = FacetValueSerializer(many=True)
    EventType = FacetValueSerializer(many=True)


@extend_schema_serializer(many=False)
class LogPageSerializer(serializers.Serializer[Any]):
    """Page is null where a Cursor was given, NextCursor where nothing follows."""

    Page = serializers.IntegerField(allow_null=True)
    PageSize = serializers.IntegerField()
    Total = serializers.IntegerField()
    Items = LogEntrySerializer(many=True)
    NextCursor = serializers.CharField(allow_null=True)
    Facets = FacetsSerializer()


class PeriodSerializer(serializers.Serializer[Health]):
    Days = serializers.IntegerField(source="days")
    StartDate = serializers.DateTimeField(source="since")
    EndDate = serializers.DateTimeField(source="until")


class MetricsSerializer(serializers.Serializer[Any]):
    """Counts of log entries by status.

    SuccessRate is the percentage of successes among the attempts that were not
    skipped. Durations are of attempts that were sent.
    """

    TotalAttempts = serializers.IntegerField(source="total")
    SuccessCount = serializers.IntegerField(source="succeeded")
    FailureCount = serializers.IntegerField(source="failed")
    TimeoutCount = serializers.IntegerField(source="timed_out")
    SkippedCount = serializers.IntegerField(source="skipped")
    SuccessRate = serializers.FloatField(source="success_rate", allow_null=True)
    AvgDurationMs = serializers.FloatField(source="average_ms", allow_null=True)
    MaxDurationMs = serializers.IntegerField(source="longest_ms", allow_null=True)
    P50DurationMs = serializers.IntegerField(source="p50_ms", allow_null=True)
    P95DurationMs = serializers.IntegerField(source="p95_ms", allow_null=True)


class LastDeliverySerializer(serializers.Serializer[Any]):
    Timestamp = serializers.DateTimeField(source="timestamp")
    Status = serializers.ChoiceField(source="status", choices=STATUSES)
    EventType = serializers.CharField(source="event_type")


class HealthSerializer(serializers.Serializer[Health]):
    """Tests are counted nowhere."""

    WebhookId = serializers.CharField(source="webhook.public_id")
    WebhookName = serializers.CharField(source="webhook.name")
    Period = PeriodSerializer(source="*")
    Metrics = MetricsSerializer(source="metrics")
    LastDelivery = LastDeliverySerializer(source="last_delivery", allow_null=True)
    ConsecutiveFailures = serializers.IntegerField(source="consecutive_failures")
    Status = serializers.CharField(source="webhook.status")
    OldestPendingAt = serializers.DateTimeField(
        source="oldest_pending_at", allow_null=True
    )
    PendingCount = serializers.IntegerField(source="pending")


class PublishedEventSerializer(serializers.Serializer[Any]):
    Id = serializers.CharField()
    Type = serializers.CharField()
    Timestamp = serializers.DateTimeField()
    Deliveries = serializers.IntegerField(help_text="To how many webhooks it goes.")


class PublishedSerializer(serializers.Serializer[Any]):
    """In the order of the batch."""

    Items = PublishedEventSerializer(many=True)


class StartedTestSerializer(serializers.Serializer[Any]):
    LogId = serializers.CharField(help_text="Where its outcome will be found.")
    EventId = serializers.CharField()


class ReplaySerializer(serializers.Serializer[Any]):
    DeliveryId = serializers.CharField(source="public_id")


class StartedRecoverySerializer(serializers.Serializer[Any]):
    RecoveryId = serializers.CharField(
        allow_null=True, help_text="Null after a dry run."
    )
    Matched = serializers.IntegerField(help_text="How many events match.")


class CriteriaSerializer(serializers.Serializer[Recovery]):
    """What was asked for."""

    Since = serializers.DateTimeField(source="since")
    Until = serializers.DateTimeField(source="until")
    Status = serializers.ListField(
        source="statuses", child=serializers.CharField(), help_text="failed, skipped"
    )
    EventType = serializers.ListField(
        source="event_types", child=serializers.CharField(), help_text="Empty: all."
    )
    IncludeMissed = serializers.BooleanField(source="include_missed")


class RecoverySerializer(serializers.Serializer[Any]):
    """Queued are deliveries that were made for it; the rest of what matched follows."""

    Id = serializers.CharField(source="recovery.public_id")
    WebhookId = serializers.CharField(source="recovery.webhook.public_id")
    Status = serializers.ChoiceField(
        source="standing.status", choices=Recovery.Status.values
    )
    Reason = TextOrNull(source="standing.reason", help_text="Why it was cancelled.")
    Matched = serializers.IntegerField(source="recovery.matched")
    Queued = serializers.IntegerField(source="recovery.queued")
    Succeeded = serializers.IntegerField(source="progress.succeeded")
    Failed = serializers.IntegerField(source="progress.failed")
    Skipped = serializers.IntegerField(source="progress.skipped")
    Criteria = CriteriaSerializer(source="recovery")
    CreatedAt = serializers.DateTimeField(source="recovery.created_at")
    CreatedBy = serializers.CharField(source="recovery.created_by")
    EndedAt = serializers.DateTimeField(source="standing.ended_at", allow_null=True)


class EventPageSerializer(serializers.Serializer[Any]):
    """NextCursor is there on the last page, too: ask with it later."""

    Items = serializers.ListField(
        child=serializers.DictField(), help_text="The payloads as they are sent."
    )
    NextCursor = serializers.CharField()
    HasMore = serializers.BooleanField(
        help_text="Whether to ask again at once. Items may be empty all the same."
    )


class FateSerializer(serializers.Serializer[Any]):
    DeliveryId = serializers.CharField(source="delivery.public_id")
    WebhookId = serializers.CharField(source="delivery.webhook.public_id")
    Status = serializers.ChoiceField(source="status", choices=EVENT_STATUSES)
    Attempts = serializers.IntegerField(source="delivery.attempts_made")
    LastAttemptAt = serializers.DateTimeField(source="last_attempt_at", allow_null=True)
    NextAttemptAt = serializers.DateTimeField(source="next_attempt_at", allow_null=True)
    IsReplay = serializers.BooleanField(source="delivery.is_replay")
    CreatedAt = serializers.DateTimeField(source="delivery.created_at")
    EndedAt = serializers.DateTimeField(source="delivery.ended_at", allow_null=True)


class EventSerializer(serializers.Serializer[Any]):
    """An event, and how it fares with each webhook that wanted it."""

    Id = serializers.CharField(source="event.public_id")
    Type = serializers.CharField(source="event.type")
    Timestamp = serializers.DateTimeField(source="event.occurred_at")
    SubsidiaryId = serializers.CharField(source="event.subsidiary.code")
    EntityType = TextOrNull(source="event.entity_type")
    EntityId = TextOrNull(source="event.entity_id")
    IsTest = serializers.BooleanField(source="event.is_test")
    CreatedAt = serializers.DateTimeField(source="event.created_at")
    Payload = serializers.SerializerMethodField(
        help_text="Whole, also where it was too large to be sent with its snapshot."
    )
    Deliveries = FateSerializer(
        source="fates", many=True, help_text="The newest first; at most 500."
    )

    def get_Payload(self, shown: EventFile) -> dict[str, Any]:  # noqa: N802
        payload: dict[str, Any] = json.loads(shown.event.whole)
        return payload
