"""Notification rules, what they have found, and a dry run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import django_filters
from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from deliveries.api.rule_answers import (
    IncidentDetailSerializer,
    IncidentSerializer,
    ReadyMadeListSerializer,
    RuleSerializer,
    RuleTestSerializer,
)
from deliveries.api.rule_bodies import NAMES, NewRule, RuleChanges
from deliveries.models import Incident, NotificationRule
from deliveries.notifications import rules
from deliveries.notifications.reading import deliveries_about, dry_run, incidents_of
from deliveries.notifications.ready_made import READY_MADE
from deliveries.policy.notification_rules import Kind
from deliveries.queue import MAIL_RULE_TEST, run_later
from subscriptions.api.bodies import EmptyBody
from subscriptions.api.refusals import PreconditionFailed
from subscriptions.api.tenant_views import TenantView
from subscriptions.clock import database_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request

IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="The ETag you have read; 412 when the rule was changed since.",
)
MOST_IDS = 100

Result = TypeVar("Result")


class RuleFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped
    Enabled = django_filters.ChoiceFilter(
        method="enabled", choices=[("true", "true"), ("false", "false")]
    )
    Kind = django_filters.ChoiceFilter(
        "kind", choices=[(str(kind), str(kind)) for kind in Kind]
    )

    class Meta:
        model = NotificationRule
        fields: list[str] = []

    def enabled(self, found: Any, name: str, value: str) -> Any:
        return found.filter(is_enabled=value == "true")


class RuleView(TenantView):
    """A view of one of the tenant's rules."""

    def rule(self) -> NotificationRule:
        mine = NotificationRule.objects.of(self.tenant).for_display()
        try:
            found: NotificationRule = mine.by_public_id(self.kwargs["rule_id"])
        except NotificationRule.DoesNotExist:
            message = "There is no such rule."
            raise NotFound(message) from None
        return found


def answering(operation: Callable[[], Result]) -> Result:
    """Its refusals, as the API says them."""
    try:
        return operation()
    except rules.BadRule as error:
        problems = {NAMES[name]: [sentence] for name, sentence in error.problems}
        raise ValidationError(problems) from None
    except rules.TooManyRules as error:
        raise ValidationError(str(error)) from None
    except rules.RuleMismatch as error:
        raise PreconditionFailed(str(error)) from None


class RuleViewSet(RuleView, GenericViewSet[NotificationRule]):
    # For the reference, which has no tenant.
    queryset = NotificationRule.objects.none()
    serializer_class = RuleSerializer
    filterset_class = RuleFilter
    scopes = {
        "list": "rules:read",
        "retrieve": "rules:read",
        "ready_made": "rules:read",
        "create": "rules:write",
        "update": "rules:write",
        "destroy": "rules:write",
    }

    @extend_schema(summary="List notification rules")
    def list(self, request: Request) -> Response:
        """The newest first."""
        mine = NotificationRule.objects.of(self.tenant).for_display()
        page = self.paginate_queryset(self.filter_queryset(mine))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Create a notification rule",
        request=NewRule,
        responses={201: RuleSerializer},
    )
    def create(self, request: Request) -> Response:
        """It is evaluated each minute from now on."""
        fields = self.parsed(NewRule)
        rule = answering(
            partial(
                rules.create_rule,
                tenant=self.tenant,
                created_by=self.principal.name,
                now=database_time(),
                origin=self.origin,
                **fields,
            )
        )
        answer = self._answer(rule, status=201)
        location = f"{request.path}/{rule.public_id}"
        answer.headers["Location"] = request.build_absolute_uri(location)
        return answer

    @extend_schema(summary="Show a notification rule")
    def retrieve(self, request: Request, rule_id: str) -> Response:
        return self._answer(self.rule())

    @extend_schema(
        summary="Change a notification rule",
        request=RuleChanges,
        parameters=[IF_MATCH],
        responses={200: RuleSerializer},
    )
    def update(self, request: Request, rule_id: str) -> Response:
        """What is left out stays. What is open is resolved, and the rule begins anew."""
        answering(
            partial(
                rules.update_rule,
                self.rule(),
                changes=self.parsed(RuleChanges),
                updated_by=self.principal.name,
                now=database_time(),
                if_match=request.headers.get("If-Match"),
                origin=self.origin,
            )
        )
        return self._answer(self.rule())

    @extend_schema(
        summary="Delete a notification rule",
        parameters=[IF_MATCH],
        responses={204: None},
    )
    def destroy(self, request: Request, rule_id: str) -> Response:
        """What is open is resolved."""
        if_match = request.headers.get("If-Match")
        delete = partial(rules.delete_rule, self.rule(), now=database_time())
        answering(partial(delete, if_match=if_match, origin=self.origin))
        return Response(status=204)

    @extend_schema(
        summary="List ready-made rules",
        filters=False,
        responses={200: ReadyMadeListSerializer},
    )
    def ready_made(self, request: Request) -> Response:
        """Bodies to create a rule with; change in them what you like."""
        return Response({"Items": READY_MADE})

    def _answer(self, rule: NotificationRule, *, status: int = 200) -> Response:
        body = RuleSerializer(rule).data
        return Response(body, status=status, headers={"ETag": rule.etag})


class RuleTestView(RuleView):
    scopes = {"post": "rules:write"}

    @extend_schema(
        summary="Test a notification rule",
        request=None,
        responses={200: RuleTestSerializer},
    )
    def post(self, request: Request, rule_id: str) -> Response:
        """Sends its recipients a test mail, and says whether it would be hit now."""
        self.parsed(EmptyBody)
        rule = self.rule()
        found = dry_run(rule, now=database_time())
        mail = partial(run_later, MAIL_RULE_TEST, rule.pk, self.principal.name)
        transaction.on_commit(mail)
        return Response(RuleTestSerializer(found).data)


class IncidentViewSet(RuleView, GenericViewSet[Incident]):
    # For the reference, which has no tenant.
    queryset = Incident.objects.none()
    serializer_class = IncidentSerializer
    scopes = {"list": "rules:read", "retrieve": "rules:read"}

    @extend_schema(summary="List a rule's incidents")
    def list(self, request: Request, rule_id: str) -> Response:
        """The newest first. Those that were resolved stay as long as the log."""
        page = self.paginate_queryset(incidents_of(self.rule()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Show an incident", responses={200: IncidentDetailSerializer}
    )
    def retrieve(self, request: Request, rule_id: str, incident_id: str) -> Response:
        """With the deliveries that it is about, and where to see them."""
        try:
            mine: Any = incidents_of(self.rule())
            incident = mine.by_public_id(incident_id)
        except Incident.DoesNotExist:
            message = "There is no such incident."
            raise NotFound(message) from None
        context = {"deliveries": deliveries_about(incident)[:MOST_IDS]}
        return Response(IncidentDetailSerializer(incident, context=context).data)
